#include "codec/http_date.h"

#include <doctest/doctest.h>

#include <string>

#include "guarded.h"

using namespace oklo::codec;

namespace {

constexpr int64_t kNow = 1700000000;  // in November 2023
constexpr int64_t kExample = 784111777;

std::string written(int64_t time_s) {
  char date[kHttpDateBytes];
  write_http_date(date, time_s);
  return std::string(date, sizeof date);
}

// The time, or -1.
int64_t parsed(std::string_view text, int64_t now_s = kNow) {
  Guarded guarded(text);
  return parse_http_date(guarded.view(), now_s).value_or(-1);
}

}  // namespace

TEST_CASE("codec/http_date: the three formats") {
  CHECK(written(kExample) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(parsed("Sun, 06 Nov 1994 08:49:37 GMT") == kExample);
  CHECK(parsed("Sunday, 06-Nov-94 08:49:37 GMT") == kExample);
  CHECK(parsed("Sun Nov  6 08:49:37 1994") == kExample);
  CHECK(parsed("Sun Nov 16 08:49:37 1994") == kExample + 864000);
}

TEST_CASE("codec/http_date: known days") {
  CHECK(written(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(written(951782400) == "Tue, 29 Feb 2000 00:00:00 GMT");
  CHECK(written(2147483648) == "Tue, 19 Jan 2038 03:14:08 GMT");
  CHECK(written(4107542399) == "Sun, 28 Feb 2100 23:59:59 GMT");
  CHECK(written(253402300799) == "Fri, 31 Dec 9999 23:59:59 GMT");
  CHECK(written(-1) == written(0));
  CHECK(written(INT64_MAX) == written(253402300799));
  CHECK(parsed("Fri, 31 Dec 9999 23:59:59 GMT") == 253402300799);
  CHECK(parse_http_date("Wed, 31 Dec 1969 23:59:58 GMT", kNow) == -2);
  CHECK(parse_http_date("Mon, 01 Jan 0001 00:00:00 GMT", kNow) == -62135596800);
  CHECK_FALSE(parse_http_date("Sat, 01 Jan 0000 00:00:00 GMT", kNow));
}

TEST_CASE("codec/http_date: each day comes back as it was written") {
  constexpr std::string_view kWeek = "SunMonTueWedThuFriSat";
  std::string before;
  for (int64_t day = 0; day < 400 * 366; day++) {
    int64_t time_s = day * 86400 + day % 86400;
    std::string text = written(time_s);
    CHECK(text.substr(0, 3) == kWeek.substr(static_cast<size_t>((day + 4) % 7 * 3), 3));
    REQUIRE(parse_http_date(text, kNow) == time_s);
    REQUIRE(text.substr(5, 11) != before);
    before = text.substr(5, 11);
  }
}

TEST_CASE("codec/http_date: a year of two digits is at most 50 years ahead") {
  CHECK(parsed("Sunday, 06-Nov-94 08:49:37 GMT", 0) == kExample);
  CHECK(written(parsed("Monday, 06-Nov-73 00:00:00 GMT")) == "Mon, 06 Nov 2073 00:00:00 GMT");
  CHECK(written(parsed("Monday, 06-Nov-74 00:00:00 GMT")) == "Wed, 06 Nov 1974 00:00:00 GMT");
  CHECK(written(parsed("Tuesday, 14-Nov-73 00:00:00 GMT")) == "Tue, 14 Nov 2073 00:00:00 GMT");
  CHECK(written(parsed("Thursday, 15-Nov-73 00:00:00 GMT")) == "Thu, 15 Nov 1973 00:00:00 GMT");
  CHECK(written(parsed("Sunday, 01-Dec-73 00:00:00 GMT")) == "Sat, 01 Dec 1973 00:00:00 GMT");
  CHECK(written(parsed("Saturday, 01-Jan-00 00:00:00 GMT")) == "Sat, 01 Jan 2000 00:00:00 GMT");
  CHECK(written(parsed("Friday, 01-Jan-10 00:00:00 GMT", 4000000000)) == "Wed, 01 Jan 2110 00:00:00 GMT");
}

TEST_CASE("codec/http_date: what is no date") {
  const std::string good[] = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                              "Sun Nov  6 08:49:37 1994"};
  for (const std::string& text : good) {
    for (size_t size = 0; size < text.size(); size++)
      CHECK(parsed(std::string_view(text).substr(0, size)) == -1);
    CHECK(parsed(text + " ") == -1);
    CHECK(parsed(" " + text) == -1);
  }
  for (const char* text : {"Sun, 6 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 94 08:49:37 GMT",
                           "Sun, 06 nov 1994 08:49:37 GMT",
                           "sun, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 06 Nov 1994 08:49:37 +0000",
                           "Sun, 00 Nov 1994 08:49:37 GMT",
                           "Sun, 31 Nov 1994 08:49:37 GMT",
                           "Sun, 29 Feb 1994 08:49:37 GMT",
                           "Sun, 29 Feb 1900 08:49:37 GMT",
                           "Sun, 06 ovD 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 24:00:00 GMT",
                           "Sun, 06 Nov 1994 08:60:37 GMT",
                           "Sun, 06 Nov 1994 08:49:61 GMT",
                           "Sun, 06 Nov 1994 8:49:37 GMT",
                           "Sunday, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov 06 08:49:37 94",
                           "Xxx, 06 Nov 1994 08:49:37 GMT",
                           "Sun, -6 Nov 1994 08:49:37 GMT",
                           "784111777",
                           "0",
                           "Sun",
                           "5"})
    CHECK(parsed(text) == -1);
  CHECK(parsed("Sat, 31 Dec 2016 23:59:60 GMT") == 1483228800);
}
