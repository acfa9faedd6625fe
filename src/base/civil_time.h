#pragma once

#include <cstdint>
#include <string_view>

namespace oklo {

// A moment in UTC as a calendar has it.
struct CivilTime {
  int year = 1970;
  unsigned month = 1;    // 1 to 12
  unsigned day = 1;      // 1 to 31
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  unsigned weekday = 4;  // 0: Sunday
};

// From seconds since 1970, and back. Proleptic Gregorian calendar, no leap seconds (POSIX.1, section 4.16).
CivilTime civil_time(int64_t seconds);
int64_t seconds_since_1970(const CivilTime& time);

// "Jan" to "Dec" for 1 to 12; "Sun" to "Sat" for 0 to 6.
std::string_view month_name(unsigned month);
std::string_view weekday_name(unsigned weekday);

// Writes `value` in exactly `digits` digits; returns the end.
char* write_digits(char* out, unsigned value, unsigned digits);

// Writes "2026-11-21T01:02:03Z" (RFC 3339), kTimestampSize characters; returns the end.
inline constexpr unsigned kTimestampSize = 20;
char* write_timestamp(char* out, const CivilTime& time);

}  // namespace oklo
