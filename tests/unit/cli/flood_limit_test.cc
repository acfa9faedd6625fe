#include "cli/flood_limit.h"

#include <doctest/doctest.h>

using oklo::cli::FloodLimit;

TEST_CASE("cli/flood_limit: some at once, then one for each interval") {
  for (uint64_t now_ms : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 40}) {
    FloodLimit limit{};
    for (uint64_t i = 0; i < FloodLimit::kAtOnce; i++) CHECK(limit.take(now_ms));
    CHECK_FALSE(limit.take(now_ms));
    CHECK(limit.wait_ms(now_ms) == FloodLimit::kIntervalMs);
    CHECK_FALSE(limit.take(now_ms + FloodLimit::kIntervalMs - 1));
    CHECK(limit.wait_ms(now_ms + FloodLimit::kIntervalMs - 1) == 1);
    CHECK(limit.take(now_ms + FloodLimit::kIntervalMs));
    CHECK_FALSE(limit.take(now_ms + FloodLimit::kIntervalMs));
  }
}

TEST_CASE("cli/flood_limit: who waits may say as many at once again, and not more") {
  FloodLimit limit{};
  while (limit.take(1000)) {}
  uint64_t later_ms = 1000 + 100 * FloodLimit::kAtOnce * FloodLimit::kIntervalMs;
  CHECK(limit.wait_ms(later_ms) == 0);
  uint64_t taken = 0;
  while (limit.take(later_ms)) taken++;
  CHECK(taken == FloodLimit::kAtOnce);
}

TEST_CASE("cli/flood_limit: to be refused costs nothing") {
  FloodLimit limit{};
  while (limit.take(0)) {}
  for (int i = 0; i < 1000; i++) CHECK_FALSE(limit.take(10));
  CHECK(limit.take(FloodLimit::kIntervalMs));
}
