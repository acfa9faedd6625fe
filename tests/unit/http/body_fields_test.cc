#include "http/body_fields.h"

#include <doctest/doctest.h>

#include <string>

#include "guarded.h"

using namespace oklo::http;

namespace {

constexpr std::string_view kPairs = "application/x-www-form-urlencoded";
constexpr std::string_view kParts = "multipart/form-data; boundary=b";
const std::string kForm = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n"
                          "--b\r\nContent-Disposition: form-data; name=b\r\n\r\n\r\n--\r\n--b--";

// What is visited, at most `count` fields, and whether the body was in order.
std::string visited(std::string_view type, std::string_view body, int count = 100) {
  std::string all;
  Guarded guarded(body);
  bool good = visit_fields(type, guarded.view(), [&](std::string_view name, std::string_view value) {
    all.append(name).append("=").append(value).append(";");
    return --count > 0;
  });
  return all + (good ? "good" : "bad");
}

}  // namespace

TEST_CASE("http/body_fields: both kinds of forms") {
  CHECK(visited(kPairs, "a=1&b=%2b") == "a=1;b=+;good");
  CHECK(visited(kPairs, "") == "good");
  CHECK(visited(kParts, kForm) == "a=1;b=\r\n--;good");
  CHECK(visited("text/plain", "a=1") == "bad");
  CHECK(visited("multipart/mixed; boundary=b", kForm) == "bad");
  CHECK(visited("", kForm) == "bad");
}

TEST_CASE("http/body_fields: a visitor that has enough ends it, and what comes behind is not judged") {
  CHECK(visited(kPairs, "a=1&b=2", 1) == "a=1;good");
  CHECK(visited(kParts, kForm, 1) == "a=1;good");
  CHECK(visited(kParts, kForm.substr(0, kForm.size() - 9), 1) == "a=1;good");
}

TEST_CASE("http/body_fields: a body that is cut off anywhere is bad, and nothing is read behind it") {
  for (size_t size = 0; size < kForm.size(); size++) {
    CAPTURE(size);
    CHECK(visited(kParts, std::string_view(kForm).substr(0, size)).ends_with("bad"));
  }
}
