#include "base/utf8.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "guarded.h"

using oklo::Utf8Validator;

namespace {

constexpr int kWhole = -1;       // the text is valid
constexpr int kUnfinished = -2;  // nothing in it is wrong, but its end lacks

// Where the text fails, byte by byte.
int fault_of(std::string_view text) {
  Guarded bytes(text);
  Utf8Validator validator;
  for (size_t i = 0; i < text.size(); i++) {
    if (validator.feed(bytes.view().substr(i, 1))) continue;
    CHECK_FALSE(validator.feed("a"));
    CHECK_FALSE(validator.feed(""));
    CHECK_FALSE(validator.finish());
    return static_cast<int>(i);
  }
  return validator.finish() ? kWhole : kUnfinished;
}

void check_pieces(std::string_view text, int fault) {
  Guarded whole(text);
  CHECK(oklo::valid_utf8(whole.view()) == (fault == kWhole));
  for (size_t split = 0; split <= text.size(); split++) {
    Utf8Validator validator;
    CHECK(validator.feed(text.substr(0, split)) == (fault < 0 || split <= static_cast<size_t>(fault)));
    CHECK(validator.feed(whole.view().substr(split)) == (fault < 0));
    CHECK(validator.finish() == (fault == kWhole));
  }
}

// The text alone and at each place of a word, byte by byte and in two pieces: it must fail at that byte.
void check(std::string_view text, int fault) {
  CAPTURE(text);
  CHECK(fault_of(text) == fault);
  for (size_t before : {0, 1, 2, 3, 4, 5, 6, 7, 8, 31, 32, 33, 39}) {
    std::string longer = std::string(before, 'x').append(text);
    int at = fault < 0 ? fault : fault + static_cast<int>(before);
    check_pieces(longer, at);
    if (fault != kUnfinished) check_pieces(longer + "and the words behind it", at);
  }
}

std::string encoded(unsigned code) {
  auto byte = [](unsigned value) { return static_cast<char>(value); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xc0 | code >> 6), byte(0x80 | (code & 63))};
  std::string tail = {byte(0x80 | (code >> 6 & 63)), byte(0x80 | (code & 63))};
  if (code < 0x10000) return byte(0xe0 | code >> 12) + tail;
  return std::string{byte(0xf0 | code >> 18), byte(0x80 | (code >> 12 & 63))} + tail;
}

bool is_surrogate(unsigned code) { return code >= 0xd800 && code <= 0xdfff; }

unsigned number_of(std::string_view bytes) {
  unsigned number = 0;
  for (char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

}  // namespace

TEST_CASE("base/utf8: valid texts") {
  for (const char* text :
       {"", "hello", "H\xc3\xa4lt", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", "\xc2\x80", "\xdf\xbf",
        "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbd", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf", "\xef\xbb\xbfx", "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80", "\x7f"})
    check(text, kWhole);
  check(std::string_view("\0a", 2), kWhole);
}

TEST_CASE("base/utf8: a text fails at the first byte that cannot be right") {
  struct { const char* text; int fault; } cases[] = {
      {"\x80", 0}, {"\xbf", 0}, {"a\x80", 1}, {"\xc3\xa4\x80", 2},                        // no start
      {"\xc3" "a", 1}, {"\xe1\x80" "a", 2}, {"\xf1\x80\x80" "a", 3}, {"\xc3\xc3", 1},     // too short
      {"\xc0\x80", 0}, {"\xc1\xbf", 0}, {"\xe0\x80\x80", 1}, {"\xe0\x9f\xbf", 1},         // overlong
      {"\xf0\x80\x80\x80", 1}, {"\xf0\x8f\xbf\xbf", 1}, {"\xf8\x88\x80\x80\x80", 0},
      {"\xfc\x84\x80\x80\x80\x80", 0}, {"\xed\xa0\x80", 1}, {"\xed\xbf\xbf", 1},          // surrogates
      {"\xed\xa0\x80\xed\xb0\x80", 1},
      {"\xf4\x90\x80\x80", 1}, {"\xf5\x80\x80\x80", 0}, {"\xf7\xbf\xbf\xbf", 0},          // too large
      {"\xfe", 0}, {"\xff", 0}, {"\xfe\xfe\xff\xff", 0},
      {"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80", 12},
      {"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80", 12},
      {"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xc0", 11},
  };
  for (auto& c : cases) check(c.text, c.fault);
}

TEST_CASE("base/utf8: an unfinished sequence may go on, but not end the text") {
  for (const char* text : {"\xc3", "\xe1", "\xe1\x80", "\xe0\xa0", "\xed\x9f", "\xf1", "\xf1\x80",
                           "\xf1\x80\x80", "\xf0\x90", "\xf4\x8f\xbf", "abc\xe2\x82", "\xc3\xa4\xc3"})
    check(text, kUnfinished);
}

TEST_CASE("base/utf8: every character is valid, and nothing else") {
  std::vector<bool> fronts2(1 << 16);
  std::vector<bool> fronts3(1 << 24);
  for (unsigned code = 0; code <= 0x10ffff; code++) {
    if (is_surrogate(code)) continue;
    std::string text = encoded(code);
    REQUIRE(oklo::valid_utf8(text));
    if (text.size() >= 2) fronts2[number_of(text.substr(0, 2))] = true;
    if (text.size() >= 3) fronts3[number_of(text.substr(0, 3))] = true;
  }
  for (unsigned pair = 0xc0 << 8; pair < 1 << 16; pair++) {
    const char two[] = {static_cast<char>(pair >> 8), static_cast<char>(pair)};
    Utf8Validator validator;
    REQUIRE(validator.feed({two, 2}) == fronts2[pair]);
    if (!fronts2[pair] || validator.finish()) continue;
    for (unsigned last = 0; last < 256; last++) {
      Utf8Validator next = validator;
      char third = static_cast<char>(last);
      REQUIRE(next.feed({&third, 1}) == fronts3[pair << 8 | last]);
    }
  }
}

TEST_CASE("base/utf8: a bad byte is found anywhere in a long text") {
  for (std::string_view character : {"a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
    std::string text;
    while (text.size() < 120) text += character;
    REQUIRE(oklo::valid_utf8(text));
    for (size_t at = 0; at < text.size(); at++) {
      std::string bad = text;
      bad[at] = '\xff';
      REQUIRE_FALSE(oklo::valid_utf8(bad));
      REQUIRE(fault_of(bad) == static_cast<int>(at));
    }
  }
}
