#include "lab/text_table.h"

#include <algorithm>

namespace oklo::lab {

namespace {

constexpr std::string_view kBetween = "  ";

void pad(std::string& line, size_t count) { line.append(count, ' '); }

}  // namespace

// Bytes that go on with a character are 10xxxxxx (RFC 3629).
size_t width_of(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string TextTable::text() const {
  std::vector<size_t> widths;
  for (const Row& row : rows_) {
    widths.resize(std::max(widths.size(), row.cells.size()));
    for (size_t i = 0; i < row.cells.size(); i++) widths[i] = std::max(widths[i], width_of(row.cells[i]));
  }
  std::string out;
  for (const Row& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.cells.size(); i++) {
      size_t missing = widths[i] - width_of(row.cells[i]);
      if (i > 0) pad(line.append(kBetween), missing);
      line += row.cells[i];
      if (i == 0) pad(line, missing);
    }
    if (!row.sentence.empty()) line.append(kBetween).append(row.sentence);
    line.erase(line.find_last_not_of(' ') + 1);
    out.append(line).append("\n");
  }
  return out;
}

std::string wrap(std::string_view text, size_t width, std::string_view indent) {
  std::string out, line(indent);
  auto end_line = [&] {
    out.append(line).append("\n");
    line = indent;
  };
  while (!text.empty()) {
    std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (word.empty()) continue;
    bool begins = line.size() == indent.size();
    if (!begins && width_of(line) + 1 + width_of(word) > width) end_line(), begins = true;
    line.append(begins ? "" : " ").append(word);
  }
  if (line.size() > indent.size()) end_line();
  return out;
}

}  // namespace oklo::lab
