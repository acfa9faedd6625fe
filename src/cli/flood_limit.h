#pragma once

#include <algorithm>
#include <cstdint>

namespace oklo::cli {

// How fast one client may speak: some messages at once, then one for each interval. A token bucket in the
// form of one time (the generic cell rate algorithm, ITU-T I.371): that at which it is full again. Plain
// bytes; zeroed it is full.
class FloodLimit {
 public:
  static constexpr uint64_t kAtOnce = 10;
  static constexpr uint64_t kIntervalMs = 500;

  // Whether one more may come now.
  bool take(uint64_t now_ms) {
    if (wait_ms(now_ms) > 0) return false;
    full_ms_ = std::max(full_ms_, now_ms) + kIntervalMs;
    return true;
  }

  // How long until one more may come; 0: now.
  uint64_t wait_ms(uint64_t now_ms) const {
    uint64_t from_ms = now_ms + (kAtOnce - 1) * kIntervalMs;
    return full_ms_ > from_ms ? full_ms_ - from_ms : 0;
  }

 private:
  uint64_t full_ms_ = 0;
};

}  // namespace oklo::cli
