#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace oklo::codec {

inline constexpr size_t kHttpDateBytes = 29;

// Writes the time, in seconds since 1970, as an IMF-fixdate of 29 bytes: "Sun, 06 Nov 1994 08:49:37 GMT"
// (RFC 9110 section 5.6.7). What is before 1970 or after 9999 is written as the nearest time that is not.
void write_http_date(char out[kHttpDateBytes], int64_t time_s);

// The time that a date of one of the three formats of RFC 9110 section 5.6.7 means. Of a year with two
// digits it is the last one that is not more than 50 years after `now_s`.
std::optional<int64_t> parse_http_date(std::string_view text, int64_t now_s);

}  // namespace oklo::codec
