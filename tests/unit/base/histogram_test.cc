#include "base/histogram.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>

using Histogram = oklo::Histogram<8>;

TEST_CASE("base/histogram: each value is in the bucket whose bounds hold it, up to the last") {
  CHECK(Histogram::kBuckets == 17);
  for (uint64_t value = 0; value < 256; value++) {
    size_t bucket = Histogram::bucket_of(value);
    REQUIRE(bucket < Histogram::kBuckets - 1);
    CHECK(Histogram::begin_of(bucket) <= value);
    CHECK(value < Histogram::begin_of(bucket + 1));
  }
  CHECK(Histogram::begin_of(Histogram::kBuckets - 1) == 256);
  for (uint64_t value : {uint64_t{256}, uint64_t{257}, UINT64_MAX})
    CHECK(Histogram::bucket_of(value) == Histogram::kBuckets - 1);
}

TEST_CASE("base/histogram: powers of two are bounds, and a bucket is at most half as wide as its values") {
  for (unsigned power = 1; power <= 8; power++)
    CHECK(Histogram::begin_of(2 * power) == uint64_t{1} << power);
  for (size_t i = 2; i < Histogram::kBuckets - 1; i++)
    CHECK((Histogram::begin_of(i + 1) - Histogram::begin_of(i)) * 2 <= Histogram::begin_of(i) + 1);
}

TEST_CASE("base/histogram: zeroed memory is empty; what is added is counted and summed") {
  alignas(8) unsigned char memory[sizeof(Histogram)];
  std::memset(memory, 0, sizeof memory);
  Histogram& histogram = *reinterpret_cast<Histogram*>(memory);
  CHECK(histogram.count() == 0);
  CHECK(histogram.sum() == 0);
  histogram.add(5);
  histogram.add(100, 3);
  histogram.add(1000);
  CHECK(histogram.count() == 5);
  CHECK(histogram.sum() == 1305);
  CHECK(histogram.count(Histogram::bucket_of(5)) == 1);
  CHECK(histogram.count(Histogram::bucket_of(100)) == 3);
  CHECK(histogram.count(Histogram::kBuckets - 1) == 1);
}

TEST_CASE("base/histogram: merging adds what both have") {
  Histogram one, other;
  one.add(1);
  one.add(70, 2);
  other.add(70, 3);
  other.add(7);
  one.merge(other);
  CHECK(one.count() == 7);
  CHECK(one.sum() == 1 + 7 + 350);
  CHECK(one.count(Histogram::bucket_of(70)) == 5);
  CHECK(other.count() == 4);
}

TEST_CASE("base/histogram: a share of the values does not exceed what is told, within a bucket") {
  Histogram histogram;
  CHECK(histogram.value_at(500) == 0);
  histogram.add(10, 900);   // 8 to 12
  histogram.add(100, 99);   // 96 to 128
  histogram.add(5000, 1);
  CHECK(histogram.value_at(0) == 0);
  for (unsigned per_mille : {1u, 500u, 900u}) {
    CHECK(histogram.value_at(per_mille) >= 8);
    CHECK(histogram.value_at(per_mille) <= 12);
  }
  CHECK(histogram.value_at(900) == 12);
  CHECK(histogram.value_at(901) >= 96);
  CHECK(histogram.value_at(999) == 128);
  CHECK(histogram.value_at(1000) == 256);
}
