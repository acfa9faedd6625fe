#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace oklo::gate {

// How many messages each worker has to handle, as all reactor threads of the gate count them together. Beyond
// kPlaces workers two share a count.
class Load {
 public:
  void add(uint32_t worker) { count(worker).fetch_add(1, std::memory_order_relaxed); }
  void take(uint32_t worker) { count(worker).fetch_sub(1, std::memory_order_relaxed); }
  uint32_t of(uint32_t worker) const {
    return counts_[worker % kPlaces].load(std::memory_order_relaxed);
  }

 private:
  static constexpr size_t kPlaces = 256;

  std::atomic<uint32_t>& count(uint32_t worker) { return counts_[worker % kPlaces]; }

  std::array<std::atomic<uint32_t>, kPlaces> counts_ = {};
};

}  // namespace oklo::gate
