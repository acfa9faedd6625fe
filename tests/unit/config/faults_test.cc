#include "config/faults.h"

#include <doctest/doctest.h>

#include <string>

using namespace oklo::config;

namespace {

// What is said of one fault at that place of a text.
std::string told(std::string text, ConfigPlace at) {
  Faults faults;
  faults.add({faults.add_source("f", std::move(text)), at}, "wrong");
  return faults.to_text();
}

}  // namespace

TEST_CASE("config/faults: a fault has its file, line, column, the line itself and a caret") {
  CHECK(told("ab\ncd ef\n", {2, 4}) == "f:2:4: wrong\n    cd ef\n       ^\n");
  CHECK(told("ab", {1, 1}) == "f:1:1: wrong\n    ab\n    ^\n");
  CHECK(told("ab\r\n", {1, 3}) == "f:1:3: wrong\n    ab\n      ^\n");
  CHECK(told("", {1, 1}) == "f:1:1: wrong\n    \n    ^\n");
  CHECK(told("a\n", {2, 1}) == "f:2:1: wrong\n    \n    ^\n");
}

TEST_CASE("config/faults: the caret stands below its character, behind tabs and letters of many bytes") {
  CHECK(told("\ta\tb", {1, 4}) == "f:1:4: wrong\n    \ta\tb\n    \t \t^\n");
  CHECK(told("\xc3\xa4\xe2\x82\xac x", {1, 4}) == "f:1:4: wrong\n    \xc3\xa4\xe2\x82\xac x\n       ^\n");
}

TEST_CASE("config/faults: of a long line the part around the caret is shown") {
  std::string text = told(std::string(300, 'a') + "B" + std::string(300, 'c'), {1, 301});
  CHECK(text == "f:1:301: wrong\n    " + std::string(80, 'a') + "B" + std::string(80, 'c') + "\n    " +
                    std::string(80, ' ') + "^\n");
}

TEST_CASE("config/faults: a file tells a terminal nothing") {
  CHECK(told("a\x1b[2Jb\x7f", {1, 1}) == "f:1:1: wrong\n    a?[2Jb?\n    ^\n");
}

TEST_CASE("config/faults: they come in the order of the text, what has no place first") {
  Faults faults;
  uint32_t first = faults.add_source("f", "a b\nc");
  uint32_t second = faults.add_source("g", "d");
  CHECK(faults.empty());
  faults.add({second, {1, 1}}, "four");
  faults.add({first, {2, 1}}, "three");
  faults.add({first, {1, 3}}, "two");
  faults.add("one");
  CHECK(faults.size() == 4);
  CHECK(faults.to_text() == "one\nf:1:3: two\n    a b\n      ^\nf:2:1: three\n    c\n    ^\ng:1:1: four\n"
                            "    d\n    ^\n");
  CHECK(faults.name_of({second, {7, 9}}) == "g:7:9");
}

TEST_CASE("config/faults: there is an end to them") {
  Faults faults;
  faults.add_source("f", "");
  for (size_t i = 0; i < 2 * Faults::kCountMax; i++) faults.add({}, "wrong");
  CHECK(faults.size() == Faults::kCountMax);
  CHECK(faults.to_text().ends_with("and more, which are not shown\n"));
}
