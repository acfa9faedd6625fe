#include "shm/table_columns.h"

#include <doctest/doctest.h>

#include <signal.h>

#include <string>
#include <vector>

#include "child.h"
#include "guarded.h"

using oklo::ColumnType;
using oklo::TableCell;
using oklo::TableColumn;
using oklo::TableColumns;

TEST_CASE("shm/table_columns: what is wrong with columns is said") {
  using Columns = std::vector<TableColumn>;
  CHECK(TableColumns::check({}) == "a table needs a column");
  CHECK(TableColumns::check(Columns{{"a"}, {"b"}, {"a"}}) == "a table has two columns \"a\"");
  CHECK(TableColumns::check(Columns{{"t", ColumnType::text}}) ==
        "column \"t\" of a table needs a number of bytes");
  CHECK(TableColumns::check(Columns{{"a", ColumnType::text, 500'000}, {"b", ColumnType::text, 500'000}}) ==
        "a row of a table is longer than 512 KiB");
  CHECK(TableColumns::check(Columns(100, {"t", ColumnType::text, UINT32_MAX})) != "");
  CHECK(TableColumns::check(Columns{{"t", ColumnType::text, (512 << 10) - 4}}) == "");
  CHECK(TableColumns::check(Columns{{"t", ColumnType::text, (512 << 10) - 3}}) != "");
  CHECK(TableColumns::check(Columns{{"a"}, {"b", ColumnType::number}, {"c", ColumnType::text, 1}}) == "");
}

TEST_CASE("shm/table_columns: each column has a place of its own in the row") {
  TableColumns columns({{"n"}, {"short", ColumnType::text, 1}, {"x", ColumnType::number},
                        {"long", ColumnType::text, 13}, {"m"}});
  Guarded row(std::string(columns.row_bytes(), '\0'));
  auto text = [&](const char* name) {
    return TableColumns::text(row.data(), columns.find(name, ColumnType::text));
  };
  auto integer = [&](const char* name) {
    return TableColumns::integer(row.data(), columns.find(name, ColumnType::integer));
  };
  auto number = [&] { return TableColumns::number(row.data(), columns.find("x", ColumnType::number)); };
  CHECK(text("short") == "");
  CHECK(integer("n") == 0);
  CHECK(number() == 0);
  for (const TableCell& cell : {TableCell("n", INT64_MIN), TableCell("short", "s"), TableCell("x", 0.5),
                                TableCell("long", "thirteen_long"), TableCell("m", INT64_MAX)}) {
    REQUIRE(columns.fits(cell));
    columns.store(row.data(), cell);
  }
  CHECK(integer("n") == INT64_MIN);
  CHECK(text("short") == "s");
  CHECK(number() == 0.5);
  CHECK(text("long") == "thirteen_long");
  CHECK(integer("m") == INT64_MAX);
  columns.store(row.data(), {"long", std::string_view("a\0b", 3)});
  CHECK(text("long") == std::string_view("a\0b", 3));
  columns.store(row.data(), {"x", 3});
  CHECK(number() == 3);
  CHECK(!columns.fits({"short", "ss"}));
  CHECK(!columns.fits({"long", "thirteen_long_"}));
}

TEST_CASE("shm/table_columns: a column that is not there, or another type, is a bug") {
  void (*bugs[])(const TableColumns&, char*) = {
      [](const TableColumns& columns, char*) { columns.find("none", ColumnType::integer); },
      [](const TableColumns& columns, char*) { columns.find("n", ColumnType::text); },
      [](const TableColumns& columns, char*) { columns.find("x", ColumnType::integer); },
      [](const TableColumns& columns, char* row) { columns.store(row, {"none", 1}); },
      [](const TableColumns& columns, char* row) { columns.store(row, {"n", 1.5}); },
      [](const TableColumns& columns, char* row) { columns.store(row, {"n", "1"}); },
      [](const TableColumns& columns, char* row) { columns.store(row, {"x", "1"}); },
      [](const TableColumns& columns, char* row) { columns.store(row, {"t", 1}); },
      [](const TableColumns& columns, char*) { (void)columns.fits({"n", "1"}); },
  };
  TableColumns columns({{"n"}, {"x", ColumnType::number}, {"t", ColumnType::text, 8}});
  char row[100] = {};
  for (auto bug : bugs)
    CHECK(in_child([&] {
            signal(SIGABRT, SIG_DFL);
            close(STDERR_FILENO);
            bug(columns, row);
            return 0;
          }) == 1000 + SIGABRT);
}
