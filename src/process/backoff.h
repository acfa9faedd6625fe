#pragma once

#include <cstdint>

namespace oklo {

// How long a slot waits before it starts its next worker. The first deaths cost nothing; from the fourth
// one in a row that came without a second of life the wait doubles, from 100 ms to 30 s.
class Backoff {
 public:
  static constexpr uint32_t kFirstMs = 100;
  static constexpr uint32_t kLastMs = 30'000;
  static constexpr uint32_t kFreeDeaths = 3;
  static constexpr uint64_t kHealthyMs = 1000;

  // A worker died after `lived_ms`: the wait before the next start.
  uint32_t on_death(uint64_t lived_ms) {
    if (lived_ms >= kHealthyMs) deaths_ = 0;
    deaths_++;
    if (deaths_ <= kFreeDeaths) return 0;
    uint32_t doublings = deaths_ - kFreeDeaths - 1;
    uint64_t wait_ms = uint64_t{kFirstMs} << (doublings < 16 ? doublings : 16);
    return wait_ms < kLastMs ? static_cast<uint32_t>(wait_ms) : kLastMs;
  }

 private:
  uint32_t deaths_ = 0;
};

}  // namespace oklo
