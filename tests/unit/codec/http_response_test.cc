#include "codec/http_response.h"

#include <doctest/doctest.h>

#include <string>

using namespace oklo::codec;

namespace {

std::string written(int status) {
  char line[kStatusLineBytesMax];
  return std::string(line, write_status_line(line, status));
}

}  // namespace

TEST_CASE("codec/http_response: status lines and reasons") {
  CHECK(status_line(200) == "HTTP/1.1 200 OK\r\n");
  CHECK(status_line(431) == "HTTP/1.1 431 Request Header Fields Too Large\r\n");
  CHECK(reason_phrase(200) == "OK");
  CHECK(reason_phrase(404) == "Not Found");
  CHECK(reason_phrase(511) == "Network Authentication Required");
  for (int status : {-1, 0, 99, 299, 499, 512, 600, 999}) {
    CHECK(status_line(status).empty());
    CHECK(reason_phrase(status).empty());
  }
}

TEST_CASE("codec/http_response: every status has a line of its own number") {
  for (int status = 100; status <= 999; status++) {
    std::string line = written(status);
    CHECK(line.size() <= kStatusLineBytesMax);
    CHECK(line.substr(0, 13) == "HTTP/1.1 " + std::to_string(status) + " ");
    CHECK(line.substr(line.size() - 2) == "\r\n");
    if (!status_line(status).empty()) CHECK(status_line(status) == line);
  }
  CHECK(written(299) == "HTTP/1.1 299 \r\n");
}

TEST_CASE("codec/http_response: fields that a handler may send") {
  CHECK(valid_field("X-A", ""));
  CHECK(valid_field("X-A", "a\tb \xc3\xa9"));
  CHECK(valid_field("Content-Disposition", "attachment; filename=\"a long name of a file.txt\""));
  CHECK_FALSE(valid_field("", "a"));
  CHECK_FALSE(valid_field("X A", "a"));
  CHECK_FALSE(valid_field("X:", "a"));
  CHECK_FALSE(valid_field("X\r\nY", "a"));
  for (char c : {'\r', '\n', '\0', '\x7f', '\x01'})
    for (size_t at = 0; at < 30; at++) {
      std::string value(30, 'v');
      value[at] = c;
      CHECK_FALSE(valid_field("X-A", value));
    }
}
