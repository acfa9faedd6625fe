#include "lab/text_table.h"

#include <doctest/doctest.h>

namespace lab = oklo::lab;

TEST_CASE("lab/text_table: columns are as wide as their widest cell, in characters") {
  lab::TextTable table;
  table.add({"model", "time", "n"});
  table.add({"a long name", "9 µs", "1"});
  table.add({"b", "12 µs", "1,000"});
  table.add("c", "not taken: there is no time");
  table.add({"d"});
  CHECK(table.text() ==
        "model         time      n\n"
        "a long name   9 µs      1\n"
        "b            12 µs  1,000\n"
        "c            not taken: there is no time\n"
        "d\n");
  CHECK(lab::width_of("12 µs – é") == 9);
}

TEST_CASE("lab/text_table: a text is broken at blanks") {
  CHECK(lab::wrap("one two three four", 10, "  ") == "  one two\n  three\n  four\n");
  CHECK(lab::wrap("one two", 100, "") == "one two\n");
  CHECK(lab::wrap("awordthatislong and", 5, " ") == " awordthatislong\n and\n");
  CHECK(lab::wrap("", 10, "  ").empty());
}
