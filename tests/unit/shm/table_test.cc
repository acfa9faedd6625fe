#include <oklo/table.h>

#include <doctest/doctest.h>

#include <signal.h>

#include <set>
#include <string>
#include <vector>

#include "child.h"

using oklo::ColumnType;
using oklo::Stored;
using oklo::Table;
using oklo::TableCell;
using oklo::TableOptions;
using oklo::TableRow;

namespace {

Table make_table(uint32_t rows) {
  return Table({.rows = rows,
                .columns = {{"name", ColumnType::text, 10}, {"visits"}, {"weight", ColumnType::number}}});
}

}  // namespace

TEST_CASE("shm/table: stores columns and gets them, one by one and as a row") {
  Table table = make_table(4);
  REQUIRE(table.ok());
  CHECK(table.capacity() == 4);
  CHECK(table.set("ann", {{"name", "Ann"}, {"visits", 3}}) == Stored::yes);
  CHECK(table.text("ann", "name") == "Ann");
  CHECK(table.integer("ann", "visits") == 3);
  CHECK(table.number("ann", "weight") == 0.0);
  CHECK(table.set("ann", {{"weight", 61.5}}) == Stored::yes);
  std::optional<TableRow> row = table.get("ann");
  REQUIRE(row.has_value());
  CHECK(row->key() == "ann");
  CHECK(row->text("name") == "Ann");
  CHECK(row->integer("visits") == 3);
  CHECK(row->number("weight") == 61.5);
  CHECK(table.contains("ann"));
  CHECK(table.size() == 1);
  CHECK(table.erase("ann"));
  CHECK(!table.erase("ann"));
  CHECK(!table.contains("ann"));
  CHECK(row->text("name") == "Ann");  // The copy stays.
}

TEST_CASE("shm/table: what is not there is nothing") {
  Table table = make_table(4);
  CHECK(!table.get("ann").has_value());
  CHECK(!table.integer("ann", "visits").has_value());
  CHECK(!table.number("ann", "weight").has_value());
  CHECK(!table.text("ann", "name").has_value());
  CHECK(table.size() == 0);
}

TEST_CASE("shm/table: a row may be set without columns") {
  Table table = make_table(4);
  CHECK(table.set("ann", {}) == Stored::yes);
  CHECK(table.set("bob", std::vector<TableCell>{{"visits", true}, {"weight", 2}}) == Stored::yes);
  CHECK(table.text("ann", "name") == "");
  CHECK(table.integer("bob", "visits") == 1);
  CHECK(table.number("bob", "weight") == 2.0);
}

TEST_CASE("shm/table: adds, and makes the row that it adds to") {
  Table table = make_table(2);
  CHECK(table.increment("ann", "visits") == 1);
  CHECK(table.increment("ann", "visits", 41) == 42);
  CHECK(table.decrement("ann", "visits") == 41);
  CHECK(table.decrement("ann", "visits", 41) == 0);
  CHECK(table.add("ann", "weight", 0.25) == 0.25);
  CHECK(table.add("ann", "weight", -1) == -0.75);
  CHECK(table.set("ann", {{"visits", INT64_MAX}}) == Stored::yes);
  CHECK(table.increment("ann", "visits") == INT64_MIN);
  CHECK(table.decrement("ann", "visits", INT64_MIN) == 0);
  CHECK(table.decrement("bob", "visits", 5) == -5);
  CHECK(table.size() == 2);
  CHECK(!table.increment("eve", "visits").has_value());
  CHECK(!table.decrement("eve", "visits").has_value());
  CHECK(!table.add("eve", "weight", 1).has_value());
  CHECK(table.size() == 2);
}

TEST_CASE("shm/table: says what it can't store, and then has stored nothing of it") {
  Table table = make_table(2);
  const std::string longest(63, 'k'), longer(64, 'k');
  CHECK(table.set(longer, {{"visits", 1}}) == Stored::too_long);
  CHECK(!table.increment(longer, "visits").has_value());
  CHECK(!table.add(longer, "weight", 1).has_value());
  CHECK(!table.get(longer).has_value());
  CHECK(!table.contains(longer));
  CHECK(!table.erase(longer));
  CHECK(table.set(longest, {{"visits", 1}, {"name", "0123456789+"}}) == Stored::too_long);
  CHECK(table.size() == 0);
  CHECK(table.set(longest, {{"visits", 1}, {"name", "0123456789"}}) == Stored::yes);
  CHECK(table.set(longest, {{"visits", 2}, {"name", "0123456789+"}}) == Stored::too_long);
  CHECK(table.integer(longest, "visits") == 1);
  CHECK(table.text(longest, "name") == "0123456789");
  CHECK(table.set("", {{"visits", 7}}) == Stored::yes);
  CHECK(table.set("third", {{"visits", 7}}) == Stored::full);
  CHECK(table.set("", {{"visits", 8}}) == Stored::yes);
  CHECK(table.integer("", "visits") == 8);
  CHECK(table.erase(longest));
  CHECK(table.set("third", {{"visits", 7}}) == Stored::yes);
}

TEST_CASE("shm/table: visits each row once, and may be changed meanwhile") {
  Table table = make_table(50);
  std::set<std::string> expected, seen;
  for (int i = 0; i < 50; i++) {
    expected.insert("key " + std::to_string(i));
    REQUIRE(table.increment("key " + std::to_string(i), "visits", i));
  }
  table.for_each([&](const TableRow& row) {
    CHECK(seen.insert(row.key()).second);
    CHECK(row.key() == "key " + std::to_string(row.integer("visits")));
    if (row.integer("visits") % 2) CHECK(table.erase(row.key()));
    else CHECK(table.increment(row.key(), "visits", 1000).has_value());
  });
  CHECK(seen == expected);
  CHECK(table.size() == 25);
  table.for_each([&](const TableRow& row) { CHECK(row.integer("visits") >= 1000); });
}

TEST_CASE("shm/table: is one table for all processes, and moves") {
  Table made = make_table(8);
  Table table(std::move(made));
  REQUIRE(table.set("ann", {{"name", "Ann"}}) == Stored::yes);
  CHECK(in_child([&] {
          if (table.text("ann", "name") != "Ann") return 1;
          if (table.set("bob", {{"name", "Bob"}, {"weight", 80}}) != Stored::yes) return 2;
          return table.erase("ann") ? 0 : 3;
        }) == 0);
  CHECK(table.number("bob", "weight") == 80.0);
  CHECK(!table.contains("ann"));
  Table other = make_table(1);
  other = std::move(table);
  CHECK(other.text("bob", "name") == "Bob");
}

TEST_CASE("shm/table: wrong options are told") {
  CHECK(Table(TableOptions{}).error() == "a table needs a column");
  CHECK(!Table(TableOptions{}).ok());
  CHECK(Table({.rows = 0, .columns = {{"n"}}}).error() == "a table has 1 to 2^30 rows");
  CHECK(Table({.rows = (1u << 30) + 1, .columns = {{"n"}}}).error() == "a table has 1 to 2^30 rows");
  CHECK(Table({.rows = 1, .columns = {{"n"}, {"n"}}}).error() == "a table has two columns \"n\"");
  CHECK(Table({.rows = 1, .columns = {{"n"}}}).ok());
}

TEST_CASE("shm/table: to use one that is not ok ends the process, and so does a wrong column") {
  void (*bugs[])() = {
      [] { (void)Table(TableOptions{}).size(); },
      [] { (void)Table(TableOptions{}).get("ann"); },
      [] { (void)Table(TableOptions{}).set("ann", {}); },
      [] { (void)make_table(1).increment("ann", "name"); },
      [] { (void)make_table(1).set("ann", {{"age", 1}}); },
      [] {
        Table table = make_table(1);
        (void)table.increment("ann", "visits");
        (void)table.get("ann")->text("visits");
      },
  };
  for (auto bug : bugs)
    CHECK(in_child([&] {
            signal(SIGABRT, SIG_DFL);
            close(STDERR_FILENO);
            bug();
            return 0;
          }) == 1000 + SIGABRT);
}
