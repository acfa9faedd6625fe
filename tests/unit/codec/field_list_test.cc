#include "codec/field_list.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "guarded.h"

using namespace oklo::codec;

namespace {

using Backslash = FieldList::Backslash;
using Elements = std::vector<std::string>;

Elements elements(std::string_view text, Backslash backslash = Backslash::escapes) {
  Guarded guarded(text);
  FieldList list(guarded.view(), backslash);
  Elements found;
  std::string_view element;
  while (list.next(element)) found.emplace_back(element);
  return found;
}

}  // namespace

TEST_CASE("codec/field_list: elements without the space around them") {
  CHECK(elements("a") == Elements{"a"});
  CHECK(elements("a,b , c\t,\td;q=0.5") == Elements{"a", "b", "c", "d;q=0.5"});
  CHECK(elements("").empty());
  CHECK(elements(" \t").empty());
  CHECK(elements(", ,a,, b,") == Elements{"a", "b"});
}

TEST_CASE("codec/field_list: a comma in a quoted string separates nothing") {
  CHECK(elements("\"a,b\", c") == Elements{"\"a,b\"", "c"});
  CHECK(elements("x=\"a\\\",b\",c") == Elements{"x=\"a\\\",b\"", "c"});
  CHECK(elements("\"a,b") == Elements{"\"a,b"});
  CHECK(elements("\"a\\") == Elements{"\"a\\"});
}

TEST_CASE("codec/field_list: a backslash in an entity tag is a character") {
  CHECK(elements("\"a\\\", W/\"b,c\"", Backslash::literal) == Elements{"\"a\\\"", "W/\"b,c\""});
}

TEST_CASE("codec/field_list: whether a token is there") {
  CHECK(list_has("keep-alive, Upgrade", "upgrade"));
  CHECK(list_has("CLOSE", "close"));
  CHECK_FALSE(list_has("closed, xclose", "close"));
  CHECK_FALSE(list_has("\"close\"", "close"));
  CHECK_FALSE(list_has("", "close"));
}
