#include "base/base64.h"

#include <array>
#include <cstdint>

namespace oklo {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int8_t, 256> kValues = [] {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (size_t i = 0; i < 64; i++) values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<int8_t>(i);
  return values;
}();

uint32_t byte_at(std::string_view bytes, size_t at) { return static_cast<unsigned char>(bytes[at]); }

// The bits of four characters, or a number of more than 24 bits where one is not of the alphabet.
uint32_t bits_of(const char* four) {
  uint32_t bits = 0;
  uint32_t bad = 0;
  for (int i = 0; i < 4; i++) {
    int value = base64_value(four[i]);
    bad |= static_cast<uint32_t>(value) & 0x80000000;
    bits = bits << 6 | (static_cast<uint32_t>(value) & 63);
  }
  return bits | bad;
}

}  // namespace

char* write_base64(char* out, std::string_view bytes) {
  size_t at = 0;
  for (; at + 3 <= bytes.size(); at += 3) {
    uint32_t bits = byte_at(bytes, at) << 16 | byte_at(bytes, at + 1) << 8 | byte_at(bytes, at + 2);
    for (int shift = 18; shift >= 0; shift -= 6) *out++ = kAlphabet[bits >> shift & 63];
  }
  size_t left = bytes.size() - at;
  if (left == 0) return out;
  uint32_t bits = byte_at(bytes, at) << 16 | (left == 2 ? byte_at(bytes, at + 1) << 8 : 0);
  *out++ = kAlphabet[bits >> 18];
  *out++ = kAlphabet[bits >> 12 & 63];
  *out++ = left == 2 ? kAlphabet[bits >> 6 & 63] : '=';
  *out++ = '=';
  return out;
}

std::string base64(std::string_view bytes) {
  std::string text(base64_size(bytes.size()), '\0');
  write_base64(text.data(), bytes);
  return text;
}

int base64_value(char c) { return kValues[static_cast<unsigned char>(c)]; }

std::optional<std::string_view> decode_base64(std::string_view text, std::span<char> out) {
  if (text.size() % 4 != 0) return std::nullopt;
  size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  size_t size = text.size() / 4 * 3 - padding;
  if (size > out.size()) return std::nullopt;
  for (size_t from = 0, to = 0; from < text.size(); from += 4, to += 3) {
    char four[4] = {text[from], text[from + 1], text[from + 2], text[from + 3]};
    size_t part = from + 4 < text.size() ? 3 : 3 - padding;
    for (size_t i = part + 1; i < 4; i++) four[i] = 'A';  // padding reads as zero bits
    uint32_t bits = bits_of(four);
    if (bits >> 24 != 0 || (bits & (0xffffff >> 8 * part)) != 0) return std::nullopt;
    for (size_t i = 0; i < part; i++) out[to + i] = static_cast<char>(bits >> (16 - 8 * i));
  }
  return std::string_view(out.data(), size);
}

}  // namespace oklo
