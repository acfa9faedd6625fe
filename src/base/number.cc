#include "base/number.h"

#include "base/ascii.h"

namespace oklo {

std::optional<uint64_t> parse_decimal(std::string_view text) {
  if (text.empty()) return std::nullopt;
  uint64_t value = 0;
  for (char c : text) {
    if (!is_digit(c)) return std::nullopt;
    uint64_t digit = static_cast<uint64_t>(c - '0');
    if (value > (UINT64_MAX - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

char* write_decimal(char* out, uint64_t value) {
  int digits = 1;
  for (uint64_t bound = 10; digits < 20 && value >= bound; bound *= 10) digits++;
  for (int at = digits - 1; at > 0; at--, value /= 10) out[at] = static_cast<char>('0' + value % 10);
  out[0] = static_cast<char>('0' + value);
  return out + digits;
}

std::string decimal(uint64_t value) {
  char text[20];
  return std::string(text, write_decimal(text, value));
}

std::string short_amount(uint64_t value) {
  static constexpr char kUnits[] = "\0KMGTPE";
  const char* unit = kUnits;
  for (; value > 9999; value /= 1000) unit++;
  return decimal(value) + std::string(unit, *unit ? 1 : 0);
}

}  // namespace oklo
