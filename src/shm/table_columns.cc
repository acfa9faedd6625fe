#include "shm/table_columns.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace oklo {

namespace {

constexpr uint64_t kRowBytesMax = 512 << 10;

// A text has its length before it.
uint64_t bytes_of(const TableColumn& column) {
  if (column.type != ColumnType::text) return 8;
  return (sizeof(uint32_t) + uint64_t{column.bytes} + 7) / 8 * 8;
}

template <class T>
T load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

}  // namespace

std::string TableColumns::check(const std::vector<TableColumn>& columns) {
  if (columns.empty()) return "a table needs a column";
  uint64_t bytes = 0;
  for (auto at = columns.begin(); at != columns.end(); at++) {
    auto same = [&](const TableColumn& other) { return other.name == at->name; };
    if (std::any_of(columns.begin(), at, same)) return "a table has two columns \"" + at->name + "\"";
    if (at->type == ColumnType::text && at->bytes == 0)
      return "column \"" + at->name + "\" of a table needs a number of bytes";
    bytes += bytes_of(*at);
  }
  return bytes > kRowBytesMax ? "a row of a table is longer than 512 KiB" : "";
}

TableColumns::TableColumns(std::vector<TableColumn> columns) {
  for (TableColumn& column : columns) {
    uint32_t bytes = static_cast<uint32_t>(bytes_of(column));
    columns_.push_back({std::move(column), row_bytes_});
    row_bytes_ += bytes;
  }
}

const TableColumns::Column& TableColumns::find(std::string_view name) const {
  auto found = std::find_if(columns_.begin(), columns_.end(),
                            [&](const Column& column) { return column.column.name == name; });
  OKLO_ASSERT(found != columns_.end());
  return *found;
}

const TableColumns::Column& TableColumns::find(std::string_view name, ColumnType type) const {
  const Column& found = find(name);
  OKLO_ASSERT(found.column.type == type);
  return found;
}

int64_t TableColumns::integer(const char* row, const Column& column) {
  return load<int64_t>(row + column.offset);
}

double TableColumns::number(const char* row, const Column& column) {
  return load<double>(row + column.offset);
}

std::string_view TableColumns::text(const char* row, const Column& column) {
  return {row + column.offset + sizeof(uint32_t), load<uint32_t>(row + column.offset)};
}

void TableColumns::set_integer(char* row, const Column& column, int64_t value) {
  std::memcpy(row + column.offset, &value, sizeof value);
}

void TableColumns::set_number(char* row, const Column& column, double value) {
  std::memcpy(row + column.offset, &value, sizeof value);
}

bool TableColumns::fits(const TableCell& cell) const {
  return cell.type != ColumnType::text || cell.text.size() <= find(cell.column, cell.type).column.bytes;
}

void TableColumns::store(char* row, const TableCell& cell) const {
  const Column& column = find(cell.column);
  if (column.column.type == ColumnType::number && cell.type == ColumnType::integer) {
    set_number(row, column, static_cast<double>(cell.integer));
    return;
  }
  OKLO_ASSERT(column.column.type == cell.type);
  switch (cell.type) {
    case ColumnType::integer: set_integer(row, column, cell.integer); break;
    case ColumnType::number: set_number(row, column, cell.number); break;
    case ColumnType::text: {
      uint32_t size = static_cast<uint32_t>(cell.text.size());
      std::memcpy(row + column.offset, &size, sizeof size);
      cell.text.copy(row + column.offset + sizeof size, size);
      break;
    }
  }
}

}  // namespace oklo
