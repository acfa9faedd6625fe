#include "http/byte_ranges.h"

#include <doctest/doctest.h>

using namespace oklo;

TEST_CASE("http/byte_ranges: the frame has the bytes that it says") {
  codec::RangeSet set = codec::parse_range("bytes=0-1,4-9", 26);
  http::MultipartRanges parts(set, 26, "text/plain", 1);
  std::string body;
  for (size_t i = 0; i < set.count; i++)
    body += parts.part_head(i) + std::string(static_cast<size_t>(set.ranges[i].size()), 'x');
  body += parts.tail();
  CHECK(parts.total() == body.size());
  std::string type = parts.type_line();
  std::string boundary = type.substr(type.find('=') + 1);
  boundary.resize(boundary.size() - 2);
  std::string line = "--" + boundary;
  std::string part = "\r\nContent-Type: text/plain\r\nContent-Range: bytes ";
  CHECK(body ==
        line + part + "0-1/26\r\n\r\nxx\r\n" + line + part + "4-9/26\r\n\r\nxxxxxx\r\n" + line + "--\r\n");
}

TEST_CASE("http/byte_ranges: another seed makes another boundary") {
  codec::RangeSet set = codec::parse_range("bytes=0-1,4-9", 26);
  http::MultipartRanges one(set, 26, "text/plain", 1);
  http::MultipartRanges two(set, 26, "text/plain", 2);
  CHECK(one.type_line() != two.type_line());
}
