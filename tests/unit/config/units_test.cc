#include "config/units.h"

#include <doctest/doctest.h>

using namespace oklo::config;

TEST_CASE("config/units: sizes are powers of 1024") {
  CHECK(parse_size("0") == 0);
  CHECK(parse_size("512") == 512);
  CHECK(parse_size("64k") == 65536);
  CHECK(parse_size("1M") == 1u << 20);
  CHECK(parse_size("4G") == uint64_t{1} << 32);
  CHECK(parse_size("17179869183G") == uint64_t{17179869183} << 30);
  for (std::string_view bad : {"", "k", "1K", "1m", "1kB", "1 k", "-1", "+1", "1.5M", "17179869184G", "0x10",
                               "18446744073709551616", "1kk"})
    CHECK_FALSE(parse_size(bad));
}

TEST_CASE("config/units: times have a unit") {
  CHECK(parse_time("0") == 0);
  CHECK(parse_time("0s") == 0);
  CHECK(parse_time("500ms") == 500);
  CHECK(parse_time("10s") == 10'000);
  CHECK(parse_time("5m") == 300'000);
  CHECK(parse_time("1h") == 3'600'000);
  CHECK(parse_time("7d") == 7 * uint64_t{86'400'000});
  for (std::string_view bad :
       {"", "s", "10", "00", "10S", "1.5s", "-1s", "1s1s", "213503982335d", "1 s", "ms"})
    CHECK_FALSE(parse_time(bad));
}

TEST_CASE("config/units: what is written is short, and is read as the same") {
  CHECK(size_text(0) == "0");
  CHECK(size_text(1) == "1");
  CHECK(size_text(8192) == "8k");
  CHECK(size_text(1000) == "1000");
  CHECK(size_text(uint64_t{3} << 30) == "3G");
  CHECK(time_text(0) == "0");
  CHECK(time_text(999) == "999ms");
  CHECK(time_text(90'000) == "90s");
  CHECK(time_text(60'000) == "1m");
  for (uint64_t number : {1ull, 7ull, 1024ull, 60'000ull, 123'456'789ull, 86'400'000ull, ~0ull}) {
    CHECK(parse_size(size_text(number)) == number);
    CHECK(parse_time(time_text(number)) == number);
  }
}
