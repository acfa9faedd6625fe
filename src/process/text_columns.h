#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

// Tables for people: columns of a fixed width, two blanks between them.
namespace oklo {

template <class Line>
struct Column {
  std::string_view name;
  size_t width;
  bool right;  // where it stands in its column
  std::string (*cell)(const Line& line);
};

inline void add_cell(std::string& out, std::string_view text, size_t width, bool right) {
  size_t blanks = text.size() < width ? width - text.size() : 0;
  if (right) out.append(blanks, ' ');
  out.append(text);
  if (!right) out.append(blanks, ' ');
  out.append("  ");
}

inline void end_row(std::string& out) {
  out.resize(out.find_last_not_of(' ') + 1);
  out += "\n";
}

template <class Line>
void add_head(std::string& out, std::span<const Column<Line>> columns) {
  for (const Column<Line>& column : columns) add_cell(out, column.name, column.width, column.right);
  end_row(out);
}

template <class Line>
void add_row(std::string& out, std::span<const Column<Line>> columns, const Line& line) {
  for (const Column<Line>& column : columns) add_cell(out, column.cell(line), column.width, column.right);
  end_row(out);
}

}  // namespace oklo
