#include "cli/chat_text.h"

#include <algorithm>
#include <iterator>

#include "base/ascii.h"

namespace oklo::cli {

namespace {

struct Range {
  char32_t first, last;
};

// White space, and what has no shape of its own: controls, format characters, fillers, variation selectors
// (Unicode 15, White_Space and Default_Ignorable_Code_Point).
constexpr Range kSpaces[] = {{0x09, 0x0d},     {0x20, 0x20},     {0x85, 0x85},     {0xa0, 0xa0},
                             {0x1680, 0x1680}, {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f},
                             {0x205f, 0x205f}, {0x3000, 0x3000}};
constexpr Range kShapeless[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x034f, 0x034f},
                                {0x061c, 0x061c}, {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f},
                                {0x200b, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x206f}, {0x2800, 0x2800},
                                {0x3164, 0x3164}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0},
                                {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
                                {0xe0000, 0xe0fff}};

template <size_t kSize>
bool is_one_of(const Range (&ranges)[kSize], char32_t c) {
  return std::any_of(ranges, ranges + kSize, [c](Range r) { return r.first <= c && c <= r.last; });
}

// The bytes of the character at the front of a text, which is UTF-8.
std::string_view front_of(std::string_view text) {
  auto first = static_cast<unsigned char>(text[0]);
  size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return text.substr(0, size);
}

char32_t decode(std::string_view character) {
  static constexpr unsigned char kFirstBits[] = {0x7f, 0x1f, 0x0f, 0x07};
  char32_t c = static_cast<unsigned char>(character[0]) & kFirstBits[character.size() - 1];
  for (char byte : character.substr(1)) c = c << 6 | (static_cast<unsigned char>(byte) & 0x3f);
  return c;
}

}  // namespace

std::string clean_line(std::string_view text, size_t characters_max) {
  std::string line;
  bool space = false;
  size_t count = 0;
  while (!text.empty() && count < characters_max) {
    std::string_view character = front_of(text);
    text.remove_prefix(character.size());
    char32_t c = decode(character);
    if (is_one_of(kSpaces, c)) space = !line.empty();
    else if (!is_one_of(kShapeless, c)) {
      count += space ? 2 : 1;
      if (count > characters_max) break;
      if (space) line += ' ';
      space = false;
      line += character;
    }
  }
  return line;
}

std::string clean_message(std::string_view text) {
  std::string message;
  for (; !text.empty(); text.remove_prefix(front_of(text).size())) {
    char32_t c = decode(front_of(text));
    bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
    if (!control || c == '\n' || c == '\t') message += front_of(text);
  }
  size_t end = message.find_last_not_of(" \t\n");
  message.resize(end == message.npos ? 0 : end + 1);
  return message;
}

std::string fold(std::string_view text) {
  std::string folded;
  std::transform(text.begin(), text.end(), std::back_inserter(folded), to_lower);
  return folded;
}

}  // namespace oklo::cli
