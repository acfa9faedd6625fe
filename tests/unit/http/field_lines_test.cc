#include "http/field_lines.h"

#include <doctest/doctest.h>

#include "guarded.h"

using oklo::http::find_field_line;

TEST_CASE("http/field_lines: the first line of that name, in any case, without the space around its value") {
  struct Row {
    std::string_view lines, name, value;
  };
  const Row rows[] = {
      {"", "a", ""},
      {"A: 1\r\n", "a", "1"},
      {"A:1\r\n", "A", "1"},
      {"A: \t 1 2 \t \r\n", "a", "1 2"},
      {"A:\r\nB: 2\r\n", "a", ""},
      {"A:\r\nB: 2\r\n", "b", "2"},
      {"A: 1\r\na: 2\r\n", "a", "1"},
      {"AB: 1\r\nB: 2\r\nBA: 3\r\n", "b", "2"},
      {"A: b: c\r\nb: d\r\n", "b", "d"},
      {"A: 1\r\n", "", ""},
      {"A: 1\r\n", "b", ""},
      {"A: 1", "a", "1"},
      {"A: 1\r\nB", "b", ""},
      {"A: 1\r", "b", ""},
      {"\r\nA: 1\r\n", "a", "1"},
      {"X-Long-Name: v\r\n", "x-long-name", "v"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.lines);
    Guarded lines(row.lines), name(row.name);
    CHECK(find_field_line(lines.view(), name.view()) == row.value);
  }
}
