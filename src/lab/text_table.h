#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace oklo::lab {

// Rows of cells for a terminal, in columns that are as wide as the widest cell and two blanks apart. The
// first column stands at the left, the others at the right.
class TextTable {
 public:
  void add(std::vector<std::string> row) { rows_.push_back({std::move(row), {}}); }
  // A row with a name, behind which a sentence takes the place of the other cells.
  void add(std::string name, std::string sentence) {
    rows_.push_back({{std::move(name)}, std::move(sentence)});
  }
  // Each line with an end.
  std::string text() const;

 private:
  struct Row {
    std::vector<std::string> cells;
    std::string sentence;
  };
  std::vector<Row> rows_;
};

// How many characters a terminal shows of a text in UTF-8, where each takes one place.
size_t width_of(std::string_view text);

// The text in lines of so many characters at most, broken at blanks, each with `indent` in front.
std::string wrap(std::string_view text, size_t width, std::string_view indent);

}  // namespace oklo::lab
