#pragma once

#include <cstdint>

namespace oklo {

// The time as of the current turn of a Reactor, which alone sets it: reading it costs no system call.
struct Clock {
  uint64_t now_ms = 0;   // monotonic
  int64_t wall_s = 0;    // seconds since 1970
  uint32_t now_s = 0;    // monotonic, in seconds: up to one behind now_ms
  uint64_t now_us = 0;   // monotonic, in microseconds
};

}  // namespace oklo
