#pragma once

#include <algorithm>
#include <cstdint>

namespace oklo {

// How long a slot waits before it starts its next worker. Deaths after a second of life or more cost
// nothing, and neither do the first three without; from the fourth in a row on the wait doubles, from
// 100 ms to 30 s.
class Backoff {
 public:
  static constexpr uint32_t kFirstMs = 100;
  static constexpr uint32_t kLastMs = 30'000;
  static constexpr uint32_t kFreeDeaths = 3;
  static constexpr uint64_t kHealthyMs = 1000;

  // A worker died after `lived_ms`: the wait before the next start.
  uint32_t on_death(uint64_t lived_ms) {
    early_deaths_ = lived_ms < kHealthyMs ? early_deaths_ + 1 : 0;
    if (early_deaths_ <= kFreeDeaths) return 0;
    uint32_t doublings = std::min(early_deaths_ - kFreeDeaths - 1, 16u);
    return std::min(kFirstMs << doublings, kLastMs);
  }

 private:
  uint32_t early_deaths_ = 0;
};

}  // namespace oklo
