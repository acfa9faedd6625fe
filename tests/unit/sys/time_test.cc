#include "sys/time.h"

#include <doctest/doctest.h>

#include <time.h>

TEST_CASE("sys/time: the monotonic clock never goes back, the wall clock is that of time(2)") {
  uint64_t before = oklo::sys::monotonic_ns();
  for (int i = 0; i < 1000; i++) {
    uint64_t now = oklo::sys::monotonic_ns();
    REQUIRE(now >= before);
    before = now;
  }
  time_t earlier = time(nullptr);
  oklo::sys::WallTime wall = oklo::sys::wall_time();
  CHECK(wall.seconds >= earlier);
  CHECK(wall.nanoseconds < 1'000'000'000);
}
