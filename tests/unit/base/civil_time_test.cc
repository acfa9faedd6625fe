#include "base/civil_time.h"

#include <doctest/doctest.h>

#include <time.h>

#include <cstdint>
#include <limits>
#include <string>

using oklo::civil_time;
using oklo::CivilTime;
using oklo::seconds_since_1970;

namespace {

// A reference that knows all that 64 bits hold.
bool has_long_years() { return sizeof(time_t) == 8; }

bool same_as_libc(int64_t seconds) {
  time_t moment = static_cast<time_t>(seconds);
  tm wanted = {};
  REQUIRE(gmtime_r(&moment, &wanted) != nullptr);
  CivilTime got = civil_time(seconds);
  return got.year == wanted.tm_year + 1900 && static_cast<int>(got.month) == wanted.tm_mon + 1 &&
         static_cast<int>(got.day) == wanted.tm_mday && static_cast<int>(got.hour) == wanted.tm_hour &&
         static_cast<int>(got.minute) == wanted.tm_min && static_cast<int>(got.second) == wanted.tm_sec &&
         static_cast<int>(got.weekday) == wanted.tm_wday;
}

std::string timestamp(const CivilTime& time) {
  char room[oklo::kTimestampSize + 1];
  room[oklo::kTimestampSize] = '#';
  CHECK(oklo::write_timestamp(room, time) == room + oklo::kTimestampSize);
  CHECK(room[oklo::kTimestampSize] == '#');
  return {room, oklo::kTimestampSize};
}

constexpr int64_t kDay = 86400;

}  // namespace

TEST_CASE("base/civil_time: every day of 700 years, at both of its ends, is that of gmtime_r") {
  REQUIRE(has_long_years());
  int wrong = 0;
  for (int64_t day = -128 * 366; day < 573 * 366; day++)
    for (int64_t seconds : {day * kDay, day * kDay + 45'296, day * kDay + kDay - 1})
      if (!same_as_libc(seconds) || seconds_since_1970(civil_time(seconds)) != seconds) wrong++;
  CHECK(wrong == 0);
}

TEST_CASE("base/civil_time: every second of a day is that of gmtime_r") {
  int wrong = 0;
  for (int64_t day : {int64_t{-1}, int64_t{0}, int64_t{19'782}})
    for (int64_t second = 0; second < kDay; second++)
      if (!same_as_libc(day * kDay + second)) wrong++;
  CHECK(wrong == 0);
}

TEST_CASE("base/civil_time: far from now, before the year 0 and after 9999") {
  int wrong = 0;
  for (int64_t seconds = -100'000'000'000'000; seconds < 100'000'000'000'000; seconds += 1'234'567'891'011)
    if (!same_as_libc(seconds) || seconds_since_1970(civil_time(seconds)) != seconds) wrong++;
  for (int64_t seconds : {std::numeric_limits<int32_t>::min() + int64_t{0}, int64_t{INT32_MAX},
                          int64_t{INT32_MAX} + 1, int64_t{UINT32_MAX}, int64_t{UINT32_MAX} + 1})
    if (!same_as_libc(seconds)) wrong++;
  CHECK(wrong == 0);
}

TEST_CASE("base/civil_time: the leap years are those of the Gregorian calendar") {
  struct { int64_t before; int year; bool leap; } cases[] = {
      {-2'203'977'600, 1900, false}, {68'083'200, 1972, true},    {951'696'000, 2000, true},
      {1'709'078'400, 2024, true},   {4'107'456'000, 2100, false}, {13'574'476'800, 2400, true},
  };
  for (const auto& c : cases) {
    CAPTURE(c.year);
    CivilTime time = civil_time(c.before);
    CHECK(time.year == c.year);
    CHECK(time.month == 2);
    CHECK(time.day == 28);
    CHECK(civil_time(c.before + kDay).day == (c.leap ? 29u : 1u));
  }
}

TEST_CASE("base/civil_time: the default is the beginning of 1970") {
  CHECK(seconds_since_1970(CivilTime{}) == 0);
  CHECK(CivilTime{}.weekday == civil_time(0).weekday);
}

TEST_CASE("base/civil_time: names of months and days") {
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  for (unsigned i = 0; i < 12; i++) CHECK(oklo::month_name(i + 1) == kMonths[i]);
  for (unsigned i = 0; i < 7; i++) CHECK(oklo::weekday_name(i) == kDays[i]);
}

TEST_CASE("base/civil_time: digits, with zeros in front and cut to the last ones") {
  struct { unsigned value, digits; const char* text; } cases[] = {
      {0, 1, "0"}, {7, 2, "07"}, {59, 2, "59"}, {123, 2, "23"}, {2026, 4, "2026"}, {5, 4, "0005"},
      {4'294'967'295, 10, "4294967295"}, {1, 0, ""},
  };
  for (const auto& c : cases) {
    char room[16] = {};
    CHECK(oklo::write_digits(room, c.value, c.digits) == room + c.digits);
    CHECK(std::string(room) == c.text);
  }
}

TEST_CASE("base/civil_time: a timestamp is that of RFC 3339") {
  CHECK(timestamp(CivilTime{}) == "1970-01-01T00:00:00Z");
  CHECK(timestamp(civil_time(1'795'222'923)) == "2026-11-21T01:02:03Z");
  CHECK(timestamp(civil_time(-1)) == "1969-12-31T23:59:59Z");
  CHECK(timestamp(civil_time(253'402'300'799)) == "9999-12-31T23:59:59Z");
}
