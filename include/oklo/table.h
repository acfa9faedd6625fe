#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <oklo/function.h>

namespace oklo {

class TableColumns;

// What a column holds: int64_t, double, or text of bytes.
enum class ColumnType : uint8_t { integer, number, text };

struct TableColumn {
  std::string name;
  ColumnType type = ColumnType::integer;
  uint32_t bytes = 0;  // of a text: how long it may be, at least 1
};

struct TableOptions {
  uint32_t rows = 1024;              // how many there may be, at least 1 and at most 2^30
  std::vector<TableColumn> columns;  // at least one, each with a name of its own; a row of at most 512 KiB
};

// What is to be stored in one column: a name and an integer, a number or a text, which are borrowed. An
// integer may go into a column of numbers; any other difference of types is a bug and ends the process.
struct TableCell {
  TableCell(std::string_view name, std::integral auto value)
      : column(name), type(ColumnType::integer), integer(static_cast<int64_t>(value)) {}
  TableCell(std::string_view name, std::floating_point auto value)
      : column(name), type(ColumnType::number), number(static_cast<double>(value)) {}
  TableCell(std::string_view name, std::string_view value)
      : column(name), type(ColumnType::text), text(value) {}

  std::string_view column;
  ColumnType type;
  int64_t integer = 0;
  double number = 0;
  std::string_view text;
};

// What became of storing.
enum class Stored : uint8_t {
  yes,
  full,      // all rows are in use: nothing was changed
  too_long,  // the key has more than 63 bytes or a text more than its column: nothing was changed
};

// A copy of one row, valid as long as the Table is. To ask for a column that the table does not have, or that
// has another type, is a bug and ends the process.
class TableRow {
 public:
  const std::string& key() const { return key_; }
  int64_t integer(std::string_view column) const;
  double number(std::string_view column) const;
  std::string_view text(std::string_view column) const;  // valid as long as this copy

 private:
  friend class Table;
  explicit TableRow(const TableColumns& columns);

  const TableColumns* columns_;
  std::string key_;
  std::vector<char> bytes_;
};

// Rows under keys in memory that all processes of a server share: a fixed number of rows with typed columns.
// Make it before Server::run, in the process that calls it: the workers inherit it, also a worker that is
// started later or that takes the place of a dead one. It lives until the last process that has it ends, and
// nothing of it is kept after that. Handlers borrow it by reference.
//
// Each function sees or changes one row at once and whole, under a lock that it shares with about one in 64
// of the rows. It waits while another process is busy there, as a rule for less than a microsecond. A process
// that is killed in the middle leaves the row as it was, or as it was to be. Rows that were never used cost
// no memory.
//
// A key is any bytes, at most 63, also none. Columns that the table does not have, and types that differ, are
// bugs and end the process.
class Table {
 public:
  static constexpr size_t kKeyBytesMax = 63;

  explicit Table(TableOptions options);
  Table(Table&&) noexcept;
  Table& operator=(Table&&) noexcept;
  ~Table();

  // Whether there is such a table; the reason when the options are wrong or there is no memory. To use one
  // that is not ok is a bug and ends the process.
  bool ok() const;
  const std::string& error() const;

  // Stores these columns of a row. Where there was no row it makes one: the other columns are 0 or empty.
  Stored set(std::string_view key, std::initializer_list<TableCell> cells);
  Stored set(std::string_view key, std::span<const TableCell> cells);

  // Adds to one column and returns the sum; where there was no row it makes one. Nothing when the table is
  // full or the key too long. Integers wrap around beyond the limits of 64 bits.
  std::optional<int64_t> increment(std::string_view key, std::string_view column, int64_t amount = 1);
  std::optional<int64_t> decrement(std::string_view key, std::string_view column, int64_t amount = 1);
  // The same for a column of numbers.
  std::optional<double> add(std::string_view key, std::string_view column, double amount);

  // A row, or one column of it; nothing when there is no such row.
  std::optional<TableRow> get(std::string_view key) const;
  std::optional<int64_t> integer(std::string_view key, std::string_view column) const;
  std::optional<double> number(std::string_view key, std::string_view column) const;
  std::optional<std::string> text(std::string_view key, std::string_view column) const;
  bool contains(std::string_view key) const;

  // Whether there was such a row.
  bool erase(std::string_view key);

  // How many rows are in use, and how many there may be. While others change the table, the first is what it
  // was at about this time.
  size_t size() const;
  size_t capacity() const;

  // Calls `visit` for a copy of each row, in no order. No lock is held meanwhile, so it may use the table. A
  // row that stays during the walk is visited once; one that comes or goes, perhaps.
  void for_each(const Function<void(const TableRow&)>& visit) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace oklo
