#pragma once

#include <oklo/table.h>

#include <string>
#include <string_view>
#include <vector>

namespace oklo {

// The columns of a Table: where each stands in the bytes of a row. Bytes of zero are 0 and empty texts.
class TableColumns {
 public:
  // What is wrong with them, a sentence, or nothing.
  static std::string check(const std::vector<TableColumn>& columns);

  explicit TableColumns(std::vector<TableColumn> columns);

  struct Column {
    TableColumn column;
    uint32_t offset;
  };
  // The column of that name, which must be of that type.
  const Column& find(std::string_view name, ColumnType type) const;
  uint32_t row_bytes() const { return row_bytes_; }

  static int64_t integer(const char* row, const Column& column);
  static double number(const char* row, const Column& column);
  static std::string_view text(const char* row, const Column& column);  // in the bytes of the row
  static void set_integer(char* row, const Column& column, int64_t value);
  static void set_number(char* row, const Column& column, double value);

  // Whether the text of the cell fits its column; and stores the cell, which does.
  bool fits(const TableCell& cell) const;
  void store(char* row, const TableCell& cell) const;

 private:
  const Column& find(std::string_view name) const;

  std::vector<Column> columns_;
  uint32_t row_bytes_ = 0;
};

}  // namespace oklo
