#include "config/units.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "base/ascii.h"
#include "base/number.h"

namespace oklo::config {

namespace {

struct Unit {
  std::string_view name;
  uint64_t factor;
};

// The largest first.
constexpr Unit kSizes[] = {{"G", 1u << 30}, {"M", 1u << 20}, {"k", 1u << 10}, {"", 1}};
constexpr Unit kTimes[] = {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}};

std::optional<uint64_t> parse(std::string_view text, std::span<const Unit> units) {
  size_t digits = static_cast<size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
  std::optional<uint64_t> number = parse_decimal(text.substr(0, digits));
  for (const Unit& unit : units)
    if (number && unit.name == text.substr(digits) && *number <= UINT64_MAX / unit.factor)
      return *number * unit.factor;
  return std::nullopt;
}

std::string shortest(uint64_t number, std::span<const Unit> units) {
  for (const Unit& unit : units)
    if (number >= unit.factor && number % unit.factor == 0)
      return decimal(number / unit.factor) + std::string(unit.name);
  return "0";
}

}  // namespace

std::optional<uint64_t> parse_size(std::string_view text) { return parse(text, kSizes); }

std::optional<uint64_t> parse_time(std::string_view text) {
  return text == "0" ? std::optional<uint64_t>(0) : parse(text, kTimes);
}

std::string size_text(uint64_t bytes) { return shortest(bytes, kSizes); }
std::string time_text(uint64_t ms) { return shortest(ms, kTimes); }

}  // namespace oklo::config
