#include "base/number.h"

#include <cmath>

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

std::string grouped(uint64_t value) {
  std::string text = decimal(value);
  for (size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

std::string fixed(double value, unsigned decimals) {
  uint64_t scale = 1;
  for (unsigned i = 0; i < decimals; i++) scale *= 10;
  auto scaled = static_cast<uint64_t>(std::llround(std::abs(value) * static_cast<double>(scale)));
  std::string text = value < 0 && scaled ? "-" : "";
  text += decimal(scaled / scale);
  if (decimals == 0) return text;
  std::string behind = decimal(scaled % scale);
  return text + '.' + std::string(decimals - behind.size(), '0') + behind;
}

}  // namespace oklo
