#include "codec/parameters.h"

#include <doctest/doctest.h>

#include "guarded.h"

using namespace oklo::codec;

namespace {

// The item and all parameters, "item|name=value|name=value", with a '!' behind what is malformed.
std::string walked(std::string_view text) {
  Guarded bytes(text);
  ParameterList list(bytes.view());
  std::string all(list.item());
  Parameter parameter;
  while (list.next(parameter)) all.append("|").append(parameter.name).append("=").append(parameter.value);
  CHECK_FALSE(list.next(parameter));
  return list.bad() ? all + "!" : all;
}

}  // namespace

TEST_CASE("codec/parameters: items and parameters") {
  CHECK(walked("text/plain") == "text/plain");
  CHECK(walked("") == "");
  CHECK(walked(" form-data ; name=a") == "form-data|name=a");
  CHECK(walked("a;b=c;D=\"e f\"") == "a|b=c|D=e f");
  CHECK(walked("a; b=\"\" ; c=\"x;y=z\"") == "a|b=|c=x;y=z");
  CHECK(walked("a;\t;; b=c ;") == "a|b=c");
  CHECK(walked("a; b=c/d:e=f?") == "a|b=c/d:e=f?");
}

TEST_CASE("codec/parameters: a quoted value keeps its backslashes until it is unescaped") {
  CHECK(walked("a; b=\"c\\\"d\\\\\"; e=f") == "a|b=c\\\"d\\\\|e=f");
  CHECK(walked("a; b=\"C:\\dir\\x\"") == "a|b=C:\\dir\\x");
  CHECK(unescape_quoted("c\\\"d\\\\e") == "c\"d\\e");
  CHECK(unescape_quoted("C:\\dir\\x") == "C:\\dir\\x");
  CHECK(unescape_quoted("\\") == "\\");
  CHECK(unescape_quoted("") == "");
}

TEST_CASE("codec/parameters: what is malformed ends the list") {
  for (const char* text :
       {"a; b", "a; b=", "a; =c", "a; b c=d", "a; b=c d", "a; b=\"c", "a; b=\"c\\\"", "a; b=\"c\\", "a; b=\"",
        "a; b=\"c\"d", "a; b=\"c\" d", "a; b=c\"d\"", "a; b\"=c", "a; b=;", "a; (b)=c"}) {
    CAPTURE(text);
    CHECK(walked(text) == "a!");
  }
  CHECK(walked("a; b=c; d; e=f") == "a|b=c!");
}
