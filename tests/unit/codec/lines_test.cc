#include "codec/lines.h"

#include <doctest/doctest.h>

#include <string>

#include "guarded.h"

using namespace oklo::codec;
using State = StreamLine::State;

namespace {

// All lines of at most ten bytes that are taken from a stream of which `first` bytes come at once, and then
// `step` at a time.
std::string lines_of(std::string_view stream, size_t first, size_t step) {
  std::string text;
  size_t begin = 0, scanned = 0;
  for (size_t end = first;; end = std::min(end + step, stream.size())) {
    for (;;) {
      Guarded bytes(stream.substr(begin, end - begin));
      StreamLine line = find_line(bytes.view(), 10, scanned);
      if (line.state == State::too_long) return text + "too long";
      if (line.state == State::unfinished) break;
      text.append("<").append(bytes.view().substr(0, line.size)).append(">");
      begin += line.all;
      scanned = 0;
    }
    if (end == stream.size()) return text.append(stream.substr(begin));
  }
}

std::string lines_of(std::string_view stream) {
  std::string whole = lines_of(stream, stream.size(), 1);
  CHECK(lines_of(stream, 0, 1) == whole);
  for (size_t split = 0; split <= stream.size(); split++)
    CHECK(lines_of(stream, split, stream.size() + 1) == whole);
  return whole;
}

}  // namespace

TEST_CASE("codec/lines: lines of a stream, whole, byte by byte, and split at each place") {
  CHECK(lines_of("") == "");
  CHECK(lines_of("one\ntwo\r\n\n\r\nthree") == "<one><two><><>three");
  CHECK(lines_of("\r\r\na\rb\n\r") == "<\r><a\rb>\r");
  CHECK(lines_of(std::string_view("a\0b\n\0", 5)) == std::string("<a\0b>\0", 6));
}

TEST_CASE("codec/lines: a line of a stream may have so many bytes, without its end") {
  CHECK(lines_of("1234567890\n1234567890\r\n") == "<1234567890><1234567890>");
  CHECK(lines_of("1234567890\r") == "1234567890\r");
  for (const char* text :
       {"12345678901", "12345678901\n", "12345678901\r\n", "1234567890\rx", "1234567890\r\r\n"})
    CHECK(lines_of(text) == "too long");
  size_t scanned = 0;
  CHECK(find_line("a\n", SIZE_MAX, scanned).size == 1);
  scanned = 0;
  CHECK(find_line("\n", 0, scanned).state == State::whole);
}

TEST_CASE("codec/lines: of what was scanned nothing is looked at again") {
  size_t scanned = 0;
  CHECK(find_line("abc", 10, scanned).state == State::unfinished);
  CHECK(scanned == 3);
  CHECK(find_line("a\nc\n", 10, scanned).all == 4);
}

TEST_CASE("codec/lines: a text line by line, and a line word by word, cut at each place") {
  std::string_view text = "a  bc\t d\r\n\n e";
  for (size_t size = 0; size <= text.size(); size++) {
    Guarded cut(text.substr(0, size));
    std::string letters, wanted;
    for (std::string_view rest = cut.view(); !rest.empty();) {
      std::string_view line = take_line(rest);
      for (std::string_view word; !(word = take_word(line)).empty();) letters += word;
    }
    for (char c : cut.view())
      if (c >= 'a' && c <= 'z') wanted += c;
    if (cut.view().ends_with(" \r")) continue;
    CHECK(letters == wanted);
  }
}
