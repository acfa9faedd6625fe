#include "codec/ip.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/number.h"

namespace oklo::codec {

namespace {

constexpr size_t kGroups = 8;  // of 16 bits
using Groups = std::array<unsigned, kGroups>;

// A number up to 255 in front of the text, which is taken off; -1: there is none.
int take_octet(std::string_view& text) {
  size_t digits = 0;
  int value = 0;
  for (; digits < text.size() && digits < 3 && is_digit(text[digits]); digits++)
    value = value * 10 + (text[digits] - '0');
  bool zero_in_front = digits > 1 && text[0] == '0';
  if (digits == 0 || zero_in_front || value > 255) return -1;
  text.remove_prefix(digits);
  return value;
}

// Four of them, all of the text.
bool take_octets(std::string_view text, uint8_t* out) {
  for (int i = 0; i < 4; i++) {
    if (i > 0 && !text.starts_with('.')) return false;
    if (i > 0) text.remove_prefix(1);
    int octet = take_octet(text);
    if (octet < 0) return false;
    out[i] = static_cast<uint8_t>(octet);
  }
  return text.empty();
}

// One to four hexadecimal digits in front of the text, which are taken off; -1: there are none.
int take_group(std::string_view& text) {
  size_t digits = 0;
  int value = 0;
  for (; digits < text.size() && digits < 4 && hex_value(text[digits]) >= 0; digits++)
    value = value * 16 + hex_value(text[digits]);
  text.remove_prefix(digits);
  return digits ? value : -1;
}

// Groups with colons between them, at the end of an address perhaps the last two as an IPv4 address; how
// many, or -1. Empty text has none.
int take_groups(std::string_view text, bool at_end, Groups& out) {
  size_t count = 0;
  while (!text.empty()) {
    uint8_t octets[4];
    if (at_end && count + 2 <= kGroups && take_octets(text, octets)) {
      out[count] = octets[0] * 256u + octets[1];
      out[count + 1] = octets[2] * 256u + octets[3];
      return static_cast<int>(count) + 2;
    }
    int group = take_group(text);
    if (group < 0 || count == kGroups) return -1;
    out[count++] = static_cast<unsigned>(group);
    if (text.empty()) break;
    if (text[0] != ':' || text.size() == 1) return -1;
    text.remove_prefix(1);
  }
  return static_cast<int>(count);
}

// Where zeros may be left out: the longest run of groups, the first of those that are equal, and no single
// one (RFC 5952 section 4.2).
struct Gap {
  size_t at = kGroups;
  size_t size = 1;
};

Gap longest_gap(const Groups& groups) {
  Gap longest;
  for (size_t at = 0; at < kGroups; at++) {
    size_t end = at;
    while (end < kGroups && groups[end] == 0) end++;
    if (end - at > longest.size) longest = {at, end - at};
  }
  return longest;
}

void append_group(std::string& out, unsigned group) {
  bool begun = false;
  for (int shift = 12; shift >= 0; shift -= 4) {
    unsigned digit = group >> shift & 15;
    begun |= digit != 0 || shift == 0;
    if (begun) out.push_back("0123456789abcdef"[digit]);
  }
}

std::string ipv4_text(const uint8_t* octets) {
  std::string text = decimal(octets[0]);
  for (int i = 1; i < 4; i++) text.append(".").append(decimal(octets[i]));
  return text;
}

}  // namespace

bool Ip::is_v4_form(const uint8_t* bytes) {
  return std::all_of(bytes, bytes + 10, [](uint8_t byte) { return byte == 0; }) && bytes[10] == 0xff &&
         bytes[11] == 0xff;
}

std::string Ip::to_string() const {
  if (is_v4()) return ipv4_text(bytes.data() + 12);
  Groups groups;
  for (size_t i = 0; i < kGroups; i++) groups[i] = bytes[2 * i] * 256u + bytes[2 * i + 1];
  Gap gap = longest_gap(groups);
  std::string text;
  for (size_t i = 0; i < kGroups; i++) {
    if (i == gap.at) {
      text += "::";
      i += gap.size - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    append_group(text, groups[i]);
  }
  return text;
}

std::optional<Ip> parse_ipv4(std::string_view text) {
  Ip ip;
  ip.bytes[10] = ip.bytes[11] = 0xff;
  if (!take_octets(text, ip.bytes.data() + 12)) return std::nullopt;
  return ip;
}

std::optional<Ip> parse_ipv6(std::string_view text) {
  size_t gap = text.find("::");
  bool has_gap = gap != text.npos;
  Groups front = {}, back = {};
  int before = take_groups(text.substr(0, gap), !has_gap, front);
  int behind = has_gap ? take_groups(text.substr(gap + 2), true, back) : 0;
  if (before < 0 || behind < 0) return std::nullopt;
  size_t count = static_cast<size_t>(before + behind);
  if (has_gap ? count >= kGroups : count != kGroups) return std::nullopt;
  std::copy_n(back.begin(), behind, front.end() - behind);
  Ip ip;
  for (size_t i = 0; i < kGroups; i++) {
    ip.bytes[2 * i] = static_cast<uint8_t>(front[i] >> 8);
    ip.bytes[2 * i + 1] = static_cast<uint8_t>(front[i]);
  }
  return ip;
}

std::optional<Ip> parse_ip(std::string_view text) {
  return text.find(':') == text.npos ? parse_ipv4(text) : parse_ipv6(text);
}

}  // namespace oklo::codec
