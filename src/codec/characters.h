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
constexpr bool is_token(std::string_view text) {
  for (char c : text)
    if (!is_token_char(c)) return false;
  return !text.empty();
}

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

// One to seven characters as a word: no two texts of the same size have the same.
inline uint64_t load_short(const char* at, size_t size) {
  if (size < 4) {
    auto byte = [at](size_t i) { return uint64_t{static_cast<unsigned char>(at[i])}; };
    return byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16;
  }
  uint32_t front, back;
  std::memcpy(&front, at, sizeof front);
  std::memcpy(&back, at + size - 4, sizeof back);
  return uint64_t{back} << 32 | front;
}

// Whether two texts of the same size, at least one, are the same: for short ones, without a call.
inline bool same_text(const char* a, const char* b, size_t size) {
  if (size < 8) return load_short(a, size) == load_short(b, size);
  for (size_t at = 0; at + 8 < size; at += 8)
    if (load_word(a + at) != load_word(b + at)) return false;
  return load_word(a + size - 8) == load_word(b + size - 8);
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
using CharacterMarks [[gnu::vector_size(16)]] = signed char;

// How many of sixteen bytes, all ones or zero, stand before the first that is not zero; 16: all do.
inline int first_marked(CharacterMarks marks) {
#ifdef __SSE2__
  int bits = __builtin_ia32_pmovmskb128(reinterpret_cast<__attribute__((vector_size(16))) char>(marks));
  return std::countr_zero(static_cast<unsigned>(bits) | 0x10000);
#else
  uint64_t half[2];
  std::memcpy(half, &marks, sizeof half);
  if (half[0]) return first_marked(half[0]);
  return half[1] ? 8 + first_marked(half[1]) : 16;
#endif
}

// The first place in [at, end) that is no field value character, or the end.
inline const char* skip_value(const char* at, const char* end) {
  while (end - at >= 16) {
    Characters text;
    std::memcpy(&text, at, sizeof text);
    int marked = first_marked((text < 0x20) | (text == 0x7f));
    if (marked == 16) {
      at += 16;
      continue;
    }
    at += marked;
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

// The first place in [at, end) that is no token character, or the end. Names are letters, digits and '-',
// so all others are looked up one by one.
inline const char* skip_token(const char* at, const char* end) {
  while (end - at >= 16) {
    Characters text;
    std::memcpy(&text, at, sizeof text);
    auto common = ((text | 0x20) - 'a' < 26) | (text - '0' < 10) | (text == '-');
    int marked = first_marked(~common);
    if (marked == 16) {
      at += 16;
      continue;
    }
    at += marked;
    if (!is_token_char(*at)) return at;
    at++;
  }
  while (at < end && is_token_char(*at)) at++;
  return at;
}

}  // namespace oklo::codec
