#pragma once

#include <sys/types.h>

#include <cstdint>

namespace oklo::sys {

// What a clock says, in nanoseconds; 0 where there is no such clock.
uint64_t clock_ns(clockid_t clock);
// Nanoseconds, microseconds and milliseconds of CLOCK_MONOTONIC; seconds and nanoseconds since 1970 of
// CLOCK_REALTIME (clock_gettime(2)).
uint64_t monotonic_ns();
uint64_t monotonic_us();
uint64_t monotonic_ms();
// Nanoseconds of a processor that this thread has had (CLOCK_THREAD_CPUTIME_ID).
uint64_t thread_cpu_ns();
struct WallTime {
  int64_t seconds = 0;
  uint32_t nanoseconds = 0;
};
WallTime wall_time();

}  // namespace oklo::sys
