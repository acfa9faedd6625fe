#include "bench/latency_histogram.h"

#include <doctest/doctest.h>

#include <cmath>

using oklo::bench::LatencyHistogram;

TEST_CASE("bench/latency_histogram: each value is known within 1 %") {
  for (double ns = 100; ns < 5e11; ns *= 1.0037) {
    LatencyHistogram one;
    auto value = static_cast<uint64_t>(ns);
    one.add_ns(value);
    one.add_ns(UINT64_C(1) << 39);
    double exact = static_cast<double>(value) / 1000;
    CHECK(std::fabs(one.value_at(50) - exact) <= exact / 100);
  }
}

TEST_CASE("bench/latency_histogram: percentiles, the largest and the mean") {
  LatencyHistogram histogram;
  for (uint64_t i = 1; i <= 1000; i++) histogram.add_ns(i * 1000);
  CHECK(histogram.count() == 1000);
  CHECK(histogram.max() == 1000);
  CHECK(histogram.mean() == doctest::Approx(500.5));
  CHECK(histogram.value_at(50) == doctest::Approx(500).epsilon(0.01));
  CHECK(histogram.value_at(90) == doctest::Approx(900).epsilon(0.01));
  CHECK(histogram.value_at(99.9) == doctest::Approx(999).epsilon(0.01));
  CHECK(histogram.value_at(100) == doctest::Approx(1000).epsilon(0.01));
  CHECK(histogram.value_at(0) == doctest::Approx(1).epsilon(0.01));
}

TEST_CASE("bench/latency_histogram: empty, and of a single value") {
  LatencyHistogram histogram;
  CHECK(histogram.value_at(99) == 0);
  CHECK(histogram.max() == 0);
  CHECK(histogram.mean() == 0);
  histogram.add_ns(1234);
  for (double percent : {0.0, 50.0, 99.9, 100.0})
    CHECK(histogram.value_at(percent) == doctest::Approx(1.234).epsilon(0.01));
}

TEST_CASE("bench/latency_histogram: what is too large is as large as the largest") {
  LatencyHistogram histogram;
  histogram.add_ns(UINT64_C(1) << 50);
  CHECK(histogram.value_at(50) == histogram.max());
}

TEST_CASE("bench/latency_histogram: two are merged") {
  LatencyHistogram one, other;
  one.add_ns(1000);
  other.add_ns(3'000'000);
  other.add_ns(2000);
  one.merge(other);
  CHECK(one.count() == 3);
  CHECK(one.max() == 3000);
  CHECK(one.value_at(50) == doctest::Approx(2).epsilon(0.01));
}
