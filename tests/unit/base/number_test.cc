#include "base/number.h"

#include <doctest/doctest.h>

#include "guarded.h"

TEST_CASE("base/number: parse_decimal takes digits alone and all of them") {
  struct Row {
    std::string_view text;
    std::optional<uint64_t> value;
  };
  const Row rows[] = {
      {"0", 0}, {"7", 7}, {"007", 7}, {"65535", 65535},
      {"18446744073709551615", UINT64_MAX}, {"000018446744073709551615", UINT64_MAX},
      {"18446744073709551616", {}}, {"18446744073709551620", {}}, {"99999999999999999999", {}},
      {"100000000000000000000", {}},
      {"", {}}, {" 1", {}}, {"1 ", {}}, {"+1", {}}, {"-1", {}}, {"0x1", {}}, {"1.0", {}},
      {"1e3", {}}, {"a", {}},
      {std::string_view("1\0", 2), {}}, {"\xd9\xa1", {}},
  };
  for (const Row& row : rows) {
    Guarded bytes(row.text);
    CAPTURE(row.text);
    CHECK(oklo::parse_decimal(bytes.view()) == row.value);
  }
}

TEST_CASE("base/number: decimal and parse_decimal undo each other") {
  for (uint64_t value = 1; value < UINT64_MAX / 3; value = value * 3 + 1)
    CHECK(oklo::parse_decimal(oklo::decimal(value)) == value);
  CHECK(oklo::decimal(0) == "0");
  CHECK(oklo::decimal(10) == "10");
  CHECK(oklo::decimal(UINT64_MAX) == "18446744073709551615");
}

TEST_CASE("base/number: write_decimal writes no more than it answers") {
  char room[24];
  for (char& c : room) c = '#';
  CHECK(oklo::write_decimal(room, UINT64_MAX) == room + 20);
  CHECK(room[20] == '#');
  CHECK(oklo::write_decimal(room, 0) == room + 1);
  CHECK(room[0] == '0');
}

TEST_CASE("base/number: amounts for people have at most five characters") {
  CHECK(oklo::short_amount(0) == "0");
  CHECK(oklo::short_amount(9999) == "9999");
  CHECK(oklo::short_amount(10'000) == "10K");
  CHECK(oklo::short_amount(9'999'999) == "9999K");
  CHECK(oklo::short_amount(10'000'000) == "10M");
  CHECK(oklo::short_amount(UINT64_MAX) == "18E");
}

TEST_CASE("base/number: separators between thousands") {
  CHECK(oklo::grouped(0) == "0");
  CHECK(oklo::grouped(999) == "999");
  CHECK(oklo::grouped(1000) == "1,000");
  CHECK(oklo::grouped(1234567) == "1,234,567");
}

TEST_CASE("base/number: digits behind the point, rounded") {
  CHECK(oklo::fixed(0, 0) == "0");
  CHECK(oklo::fixed(2.344, 2) == "2.34");
  CHECK(oklo::fixed(2.346, 2) == "2.35");
  CHECK(oklo::fixed(0.05, 2) == "0.05");
  CHECK(oklo::fixed(0.999, 1) == "1.0");
  CHECK(oklo::fixed(-1.25, 1) == "-1.3");
  CHECK(oklo::fixed(-0.01, 1) == "0.0");
}
