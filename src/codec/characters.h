#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace oklo::codec {

// tchar of RFC 9110 section 5.6.2.
constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (char c : {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'})
    table[static_cast<unsigned char>(c)] = true;
  for (int c = '0'; c <= '9'; c++) table[static_cast<size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; c++) table[static_cast<size_t>(c)] = table[static_cast<size_t>(c - 32)] = true;
  return table;
}

inline constexpr std::array<bool, 256> kTokenTable = make_token_table();

constexpr bool is_token_char(char c) { return kTokenTable[static_cast<unsigned char>(c)]; }

// What a field value may hold: HTAB, SP, visible characters, obs-text (RFC 9110 section 5.5).
constexpr bool is_value_char(char c) {
  auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

// What a request target may hold. Browsers send more than the URI grammar has, so what is refused are
// controls, space, DEL, bytes outside ASCII and '#', which starts a fragment.
constexpr bool is_target_char(char c) { return c > 0x20 && c < 0x7f && c != '#'; }

// The words below hold eight characters, the first one in the lowest byte on every machine, and each mask
// has the high bit of a byte set where the character may stop the scan: none that stops is left out, and
// some are marked that do not, so whoever finds a mark looks at the character.
inline constexpr uint64_t kOnes = 0x0101010101010101;
inline constexpr uint64_t kHighs = 0x8080808080808080;

inline uint64_t load_word(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

// How many characters stand before the lowest mark.
inline int stop_index(uint64_t marks) { return std::countr_zero(marks) / 8; }

// How many bytes of a word, as it lies in memory, stand before the first that is not zero.
inline int first_marked(uint64_t word) {
  bool big = std::endian::native == std::endian::big;
  return (big ? std::countl_zero(word) : std::countr_zero(word)) / 8;
}

// All that is not a target character, and also '!' and '"', which the caller tells apart, and '?'.
constexpr uint64_t target_stops(uint64_t word) {
  uint64_t question = word ^ ('?' * kOnes);
  return ((word - 0x24 * kOnes) | (word + kOnes) | word | ((question - kOnes) & ~question)) & kHighs;
}

// Sixteen characters at once: the compiler makes of it what the machine has for that.
using Characters [[gnu::vector_size(16)]] = unsigned char;

// The first place in [at, end) that is no field value character, or the end.
inline const char* skip_value(const char* at, const char* end) {
  while (end - at >= 16) {
    Characters text;
    std::memcpy(&text, at, sizeof text);
    auto stops = (text < 0x20) | (text == 0x7f);
    uint64_t half[2];
    std::memcpy(half, &stops, sizeof half);
    if ((half[0] | half[1]) == 0) {
      at += 16;
      continue;
    }
    at += half[0] ? first_marked(half[0]) : 8 + first_marked(half[1]);
    if (*at != '\t') return at;
    at++;
  }
  while (at < end && is_value_char(*at)) at++;
  return at;
}

// The first place in [at, end) that is no target character or is a '?', or the end.
inline const char* skip_path(const char* at, const char* end) {
  while (end - at >= 8) {
    uint64_t stops = target_stops(load_word(at));
    if (!stops) {
      at += 8;
      continue;
    }
    at += stop_index(stops);
    if (*at == '?' || !is_target_char(*at)) return at;
    at++;
  }
  while (at < end && is_target_char(*at) && *at != '?') at++;
  return at;
}

// The first place in [at, end) that is no token character, or the end. Names are short: for them a table
// and no arithmetic, eight characters a step.
inline const char* skip_token(const char* at, const char* end) {
  while (end - at >= 8) {
    if (!is_token_char(at[0])) return at;
    if (!is_token_char(at[1])) return at + 1;
    if (!is_token_char(at[2])) return at + 2;
    if (!is_token_char(at[3])) return at + 3;
    if (!is_token_char(at[4])) return at + 4;
    if (!is_token_char(at[5])) return at + 5;
    if (!is_token_char(at[6])) return at + 6;
    if (!is_token_char(at[7])) return at + 7;
    at += 8;
  }
  while (at < end && is_token_char(*at)) at++;
  return at;
}

}  // namespace oklo::codec
