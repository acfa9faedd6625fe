#include "codec/form.h"

#include <doctest/doctest.h>

#include "guarded.h"

using namespace oklo::codec;

namespace {

// All pairs, decoded, as "name=value|name=value".
std::string pairs(std::string_view text) {
  Guarded bytes(text);
  FormPairs list(bytes.view());
  FormPair pair;
  std::string all;
  while (list.next(pair)) {
    if (!all.empty()) all += '|';
    all.append(decode_form(pair.name)).append("=").append(decode_form(pair.value));
  }
  CHECK_FALSE(list.next(pair));
  return all;
}

std::string decoded(std::string_view raw) {
  Guarded bytes(raw);
  std::string text = decode_form(bytes.view());
  CHECK(form_equal(bytes.view(), text));
  CHECK_FALSE(form_equal(bytes.view(), text + "x"));
  if (!text.empty()) CHECK_FALSE(form_equal(bytes.view(), std::string_view(text).substr(1)));
  return text;
}

}  // namespace

TEST_CASE("codec/form: pairs are walked in order") {
  CHECK(pairs("a=1&b=2&a=3") == "a=1|b=2|a=3");
  CHECK(pairs("") == "");
  CHECK(pairs("&") == "");
  CHECK(pairs("&&a=1&&&b=2&") == "a=1|b=2");
  CHECK(pairs("a") == "a=");
  CHECK(pairs("a=") == "a=");
  CHECK(pairs("=") == "=");
  CHECK(pairs("=x") == "=x");
  CHECK(pairs("a=b=c") == "a=b=c");
  CHECK(pairs("a==") == "a==");
  CHECK(pairs("a;b=1;c") == "a;b=1;c");
}

TEST_CASE("codec/form: names and values are decoded") {
  CHECK(pairs("q=two+words&x%3Dy=1%262") == "q=two words|x=y=1&2");
  CHECK(decoded("%C3%a4+%2B") == "\xc3\xa4 +");
  CHECK(decoded("%00") == std::string(1, '\0'));
  CHECK(decoded("%ff\xfe") == "\xff\xfe");
  CHECK(decoded("%2520") == "%20");
}

TEST_CASE("codec/form: a percent sign that begins no escape stays") {
  for (const char* text : {"%", "%%", "100%", "%2", "%zz", "%2g", "%g2", "%-1", "a%"})
    CHECK(decoded(text) == text);
  CHECK(decoded("%%41") == "%A");
  CHECK(decoded("%4%41") == "%4A");
}

TEST_CASE("codec/form: a value is found by the decoded name") {
  CHECK(find_form("a=1&b=2&b=3", "b") == "2");
  CHECK(find_form("%61+b=1+2", "a b") == "1 2");
  CHECK(find_form("a=1", "A") == std::nullopt);
  CHECK(find_form("ab=1&a=2", "a") == "2");
  CHECK(find_form("a", "a") == "");
  CHECK(find_form("=1&a=2", "") == "1");
  CHECK(find_form("", "") == std::nullopt);
  CHECK(find_form("&&", "") == std::nullopt);
}
