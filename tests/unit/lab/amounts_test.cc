#include "lab/amounts.h"

#include <doctest/doctest.h>

namespace lab = oklo::lab;

TEST_CASE("lab/amounts: numbers as people read them") {
  CHECK(lab::short_count(87) == "87");
  CHECK(lab::short_count(999.4) == "999");
  CHECK(lab::short_count(999.6) == "1.0k");
  CHECK(lab::short_count(1840) == "1.8k");
  CHECK(lab::short_count(9960) == "10k");
  CHECK(lab::short_count(182'431) == "182k");
  CHECK(lab::short_count(1'240'000) == "1.2M");
  CHECK(lab::short_number(0.191) == "0.19");
  CHECK(lab::short_number(0.997) == "1.0");
  CHECK(lab::short_number(3) == "3.0");
  CHECK(lab::short_number(128.4) == "128");
  CHECK(lab::plain_text(3) == "3");
  CHECK(lab::plain_text(0.19) == "0.19");
  CHECK(lab::plain_text(14.46) == "14.5");
  CHECK(lab::plain_text(182'431.2) == "182,431");
  CHECK(lab::plain_text(-5) == "-5");
}

TEST_CASE("lab/amounts: times and memory choose their unit") {
  CHECK(lab::time_text(0.9) == "0.9 µs");
  CHECK(lab::time_text(87) == "87 µs");
  CHECK(lab::time_text(999.7) == "1.0 ms");
  CHECK(lab::time_text(250'000) == "250 ms");
  CHECK(lab::time_text(1'300'000) == "1.3 s");
  CHECK(lab::bytes_text(254) == "254 B");
  CHECK(lab::bytes_text(1024) == "1.0 KiB");
  CHECK(lab::bytes_text(40'000) == "39 KiB");
  CHECK(lab::bytes_text(1.3 * 1024 * 1024) == "1.3 MiB");
}
