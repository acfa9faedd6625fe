#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace oklo {

// The number that `text` is, all of it, in decimal digits alone: no sign, no space, no overflow.
std::optional<uint64_t> parse_decimal(std::string_view text);

// Writes `value` in decimal at `out`, which must have room for 20 characters; returns the end.
char* write_decimal(char* out, uint64_t value);

// `value` in decimal.
std::string decimal(uint64_t value);

// The same in at most five characters, for people: 9999, 10K, 9999K, 10M; a K is a thousand.
std::string short_amount(uint64_t value);

// With separators, for people: "182,431".
std::string grouped(uint64_t value);

// With so many digits behind the point, rounded: fixed(2.345, 2) is "2.35" (or "2.34"). Below 10^15.
std::string fixed(double value, unsigned decimals);

}  // namespace oklo
