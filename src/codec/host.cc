#include "codec/host.h"

#include <array>

#include "base/ascii.h"

namespace oklo::codec {
namespace {

// Each skip function returns the place behind what it names, or nullptr where there is none.

constexpr unsigned digit(char c) { return static_cast<unsigned char>(c) - unsigned{'0'}; }

// Up to `end`; there no digit is read.
constexpr unsigned digit_at(const char* at, const char* end) { return at < end ? digit(*at) : 10; }

// One to three digits without a zero in front, at most 255.
inline const char* skip_octet(const char* at, const char* end) {
  unsigned first = digit_at(at, end);
  if (first > 9) return nullptr;
  unsigned second = digit_at(at + 1, end);
  if (second > 9) return at + 1;
  unsigned third = digit_at(at + 2, end);
  if (first == 0) return nullptr;
  if (third > 9) return at + 2;
  return first * 100 + second * 10 + third <= 255 ? at + 3 : nullptr;
}

const char* skip_ipv4(const char* at, const char* end) {
  for (int dots = 0;; dots++) {
    at = skip_octet(at, end);
    if (!at || dots == 3) return at;
    if (at == end || *at++ != '.') return nullptr;
  }
}

const char* skip_group(const char* at, const char* end) {
  const char* next = at;
  while (next < end && next - at < 4 && hex_value(*next) >= 0) next++;
  return next == at ? nullptr : next;
}

// RFC 3986 section 3.2.2, without a zone. `end` is the closing bracket.
bool valid_ipv6(const char* at, const char* end) {
  int groups = 0;
  bool gap = false;
  if (end - at >= 2 && at[0] == ':' && at[1] == ':') {
    gap = true;
    at += 2;
  }
  while (at < end) {
    if (groups <= 6 && skip_ipv4(at, end) == end) {
      groups += 2;
      break;
    }
    at = skip_group(at, end);
    if (!at || ++groups > 8) return false;
    if (at == end) break;
    if (*at++ != ':' || at == end) return false;
    if (*at != ':') continue;
    if (gap) return false;
    gap = true;
    at++;
  }
  return gap ? groups <= 7 : groups == 8;
}

constexpr std::array<bool, 256> make_label_table() {
  std::array<bool, 256> table{};
  for (size_t c = 0; c < 128; c++)
    table[c] = is_alpha(static_cast<char>(c)) || is_digit(static_cast<char>(c)) || c == '-' || c == '_';
  return table;
}

constexpr std::array<bool, 256> kLabelTable = make_label_table();

bool all_digits(const char* at, const char* end) {
  while (at < end && is_digit(*at)) at++;
  return at == end;
}

// Labels of letters, digits, '-' and '_'; none empty but for one dot at the end, none that starts with '-',
// and the last one no number.
const char* skip_name(const char* at, const char* end) {
  for (;;) {
    const char* label = at;
    while (at < end && kLabelTable[static_cast<unsigned char>(*at)]) at++;
    if (at == label || *label == '-') return nullptr;
    const char* label_end = at;
    bool dot = at < end && *at == '.';
    if (dot) at++;
    if (dot && at < end && *at != ':') continue;
    return all_digits(label, label_end) ? nullptr : at;
  }
}

bool valid_port(const char* at, const char* end) {
  if (end - at > 5) return false;
  unsigned value = 0;
  for (; at < end; at++) {
    unsigned next = digit(*at);
    if (next > 9) return false;
    value = value * 10 + next;
  }
  return value <= 65535;
}

const char* skip_host(const char* at, const char* end) {
  if (at == end) return nullptr;
  if (*at == '[') {
    const char* close = at + 1;
    while (close < end && *close != ']') close++;
    return close < end && valid_ipv6(at + 1, close) ? close + 1 : nullptr;
  }
  if (is_digit(*at)) {
    const char* next = skip_ipv4(at, end);
    if (next && (next == end || *next == ':')) return next;
  }
  return skip_name(at, end);
}

}  // namespace

bool valid_host(std::string_view text) {
  const char* end = text.data() + text.size();
  const char* at = skip_host(text.data(), end);
  if (!at) return false;
  return at == end || (*at == ':' && valid_port(at + 1, end));
}

bool valid_host_with_port(std::string_view text) {
  const char* end = text.data() + text.size();
  const char* at = skip_host(text.data(), end);
  return at && at < end - 1 && *at == ':' && valid_port(at + 1, end);
}

}  // namespace oklo::codec
