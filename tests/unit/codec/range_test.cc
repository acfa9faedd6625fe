#include "codec/range.h"

#include <doctest/doctest.h>

#include <string>

#include "guarded.h"

using namespace oklo::codec;

namespace {

std::string read(std::string_view value, uint64_t size) {
  Guarded guarded(value);
  RangeSet set = parse_range(guarded.view(), size);
  if (set.kind == RangeSet::Kind::whole) return "whole";
  if (set.kind == RangeSet::Kind::unsatisfiable) return "unsatisfiable";
  std::string out;
  for (size_t i = 0; i < set.count; i++) {
    if (i) out += ',';
    out += std::to_string(set.ranges[i].first) + "-" + std::to_string(set.ranges[i].last);
  }
  return out;
}

}  // namespace

TEST_CASE("codec/range: single ranges") {
  struct { const char* value; const char* outcome; } cases[] = {
      {"bytes=0-4", "0-4"},
      {"bytes=0-0", "0-0"},
      {"bytes=25-25", "25-25"},
      {"bytes=20-", "20-25"},
      {"bytes=0-", "0-25"},
      {"bytes=-5", "21-25"},
      {"bytes=-26", "0-25"},
      {"bytes=-1000", "0-25"},
      {"bytes=20-1000", "20-25"},
      {"Bytes=0-4", "0-4"},
      {"bytes= 0-4 ", "0-4"},
      {"bytes=20-99999999999999999999999999", "20-25"},
      {"bytes=0-9223372036854775807", "0-25"},
      {"bytes=0-18446744073709551615", "0-25"},
      {"bytes=-99999999999999999999999999", "0-25"},
      {"bytes=26-", "unsatisfiable"},
      {"bytes=100-200", "unsatisfiable"},
      {"bytes=99999999999999999999-", "unsatisfiable"},
      {"bytes=18446744073709551615-18446744073709551615", "unsatisfiable"},
      {"bytes=-0", "unsatisfiable"},
  };
  for (auto& c : cases) {
    CAPTURE(c.value);
    CHECK(read(c.value, 26) == c.outcome);
  }
}

TEST_CASE("codec/range: what is not a range of bytes is ignored") {
  for (const char* value : {"", "bytes", "bytes=", "bytes=,", "bytes= , ,", "0-5", "bytes 0-5", "chars=0-5",
                            "bytes=a-b",
                            "bytes=--5", "bytes=-", "bytes=0.5-2", "bytes=+1-2", "bytes=0x1-0x2", "bytes=5-2",
                            "bytes=0-1,x", "bytes=0-1;2-3", "bytes=0 -1", "bytes=0- 1", "bytes =0-1",
                            "bytes=99999999999999999999-5", "bytes=1-2-3"}) {
    CAPTURE(value);
    CHECK(read(value, 26) == "whole");
  }
}

TEST_CASE("codec/range: several ranges keep their order, and join where they touch") {
  CHECK(read("bytes=0-1,4-5", 26) == "0-1,4-5");
  CHECK(read("bytes=4-5, 0-1", 26) == "4-5,0-1");
  CHECK(read("bytes=0-1 ,, 3-4,", 26) == "0-1,3-4");
  CHECK(read("bytes=0-1,2-3", 26) == "0-3");
  CHECK(read("bytes=2-3,0-1", 26) == "0-3");
  CHECK(read("bytes=0-5,3-8", 26) == "0-8");
  CHECK(read("bytes=0-1,4-5,2-3", 26) == "0-5");
  CHECK(read("bytes=8-9,0-1,4-5,2-3", 26) == "8-9,0-5");
  CHECK(read("bytes=0-1,100-200", 26) == "0-1");
  CHECK(read("bytes=100-,200-", 26) == "unsatisfiable");
}

TEST_CASE("codec/range: ranges that would multiply the output are ignored") {
  CHECK(read("bytes=0-,0-,0-", 26) == "whole");
  CHECK(read("bytes=0-20,10-25", 26) == "whole");
  std::string sixteen = "bytes=0-0";
  for (int i = 1; i < 16; i++) sixteen += "," + std::to_string(2 * i) + "-" + std::to_string(2 * i);
  CHECK(parse_range(sixteen, 1000).count == 16);
  CHECK(read(sixteen + ",40-40", 1000) == "whole");
}

TEST_CASE("codec/range: nothing of an empty file can be asked for") {
  CHECK(read("bytes=0-0", 0) == "unsatisfiable");
  CHECK(read("bytes=-5", 0) == "unsatisfiable");
  CHECK(read("bytes=x", 0) == "whole");
}

TEST_CASE("codec/range: the largest sizes do not overflow") {
  CHECK(read("bytes=-1", ~uint64_t{0}) == "18446744073709551614-18446744073709551614");
  CHECK(read("bytes=0-", ~uint64_t{0}) == "0-18446744073709551614");
}

TEST_CASE("codec/range: every prefix is read within its bytes") {
  std::string_view value = "bytes=0-1, 5-7,-3,9-";
  for (size_t size = 0; size <= value.size(); size++) read(value.substr(0, size), 26);
}
