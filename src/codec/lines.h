#pragma once

#include <algorithm>
#include <string_view>

namespace oklo::codec {

// Takes the first line from the front of a text, without its end; a CR in front of that is no part of it.
inline std::string_view take_line(std::string_view& text) {
  std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Takes the first word, without the blanks around it, from the front of a line; empty: there is none.
inline std::string_view take_word(std::string_view& line) {
  size_t start = std::min(line.find_first_not_of(" \t"), line.size());
  size_t end = std::min(line.find_first_of(" \t", start), line.size());
  std::string_view word = line.substr(start, end - start);
  line.remove_prefix(end);
  return word;
}

}  // namespace oklo::codec
