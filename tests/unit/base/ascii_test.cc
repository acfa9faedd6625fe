#include "base/ascii.h"

#include <doctest/doctest.h>

#include <cctype>

TEST_CASE("base/ascii: classes and lower case agree with the C locale for every byte") {
  for (int i = 0; i < 256; i++) {
    char c = static_cast<char>(i);
    CAPTURE(i);
    CHECK(oklo::is_digit(c) == (isdigit(i) != 0));
    CHECK(oklo::is_alpha(c) == (isalpha(i) != 0));
    CHECK(oklo::to_lower(c) == static_cast<char>(tolower(i)));
    CHECK((oklo::hex_value(c) >= 0) == (isxdigit(i) != 0));
  }
}

TEST_CASE("base/ascii: hex_value") {
  CHECK(oklo::hex_value('0') == 0);
  CHECK(oklo::hex_value('9') == 9);
  CHECK(oklo::hex_value('a') == 10);
  CHECK(oklo::hex_value('F') == 15);
  CHECK(oklo::hex_value('g') == -1);
}

TEST_CASE("base/ascii: equal_ignoring_case looks at letters alone") {
  CHECK(oklo::equal_ignoring_case("Content-LENGTH", "content-length"));
  CHECK(oklo::equal_ignoring_case("", ""));
  CHECK(!oklo::equal_ignoring_case("a", "ab"));
  CHECK(!oklo::equal_ignoring_case("[", "{"));
  CHECK(!oklo::equal_ignoring_case("@", "`"));
  CHECK(!oklo::equal_ignoring_case("\xc4", "\xe4"));
}

TEST_CASE("base/ascii: trim takes spaces and tabs from both ends") {
  CHECK(oklo::trim(" \t a b\t ") == "a b");
  CHECK(oklo::trim("a") == "a");
  CHECK(oklo::trim(" \t ") == "");
  CHECK(oklo::trim("") == "");
  CHECK(oklo::trim("\r\na\n") == "\r\na\n");
}
