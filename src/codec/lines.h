#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
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

// The line at the front of a stream, without its end, LF or CR LF; `all`: with that.
struct StreamLine {
  enum class State : uint8_t { unfinished, whole, too_long };
  State state = State::unfinished;
  size_t size = 0;
  size_t all = 0;
};

// Looks for it in what has come, which grows from call to call; so much of that was `scanned`. It may have
// `bytes_max`, and a CR, which is no byte of it when LF follows.
inline StreamLine find_line(std::string_view bytes, size_t bytes_max, size_t& scanned) {
  using State = StreamLine::State;
  size_t end = std::min(bytes.find('\n', scanned), bytes.size());
  scanned = end;
  size_t size = end > 0 && bytes[end - 1] == '\r' ? end - 1 : end;
  if (size > bytes_max) return {State::too_long};
  if (end == bytes.size()) return {};
  return {State::whole, size, end + 1};
}

}  // namespace oklo::codec
