#pragma once

#include <cstdint>

namespace oklo::sys {

// Nanoseconds, microseconds and milliseconds of CLOCK_MONOTONIC; seconds and nanoseconds since 1970 of
// CLOCK_REALTIME (clock_gettime(2)).
uint64_t monotonic_ns();
uint64_t monotonic_us();
uint64_t monotonic_ms();
struct WallTime {
  int64_t seconds = 0;
  uint32_t nanoseconds = 0;
};
WallTime wall_time();

}  // namespace oklo::sys
