#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace oklo::gate {

// How many messages each worker has to handle, as all reactor threads of the gate count them together. Made
// before the threads are.
class Load {
 public:
  explicit Load(uint32_t workers) : counts_(new std::atomic<uint32_t>[workers]()) {}

  void add(uint32_t worker) { counts_[worker].fetch_add(1, std::memory_order_relaxed); }
  void take(uint32_t worker) { counts_[worker].fetch_sub(1, std::memory_order_relaxed); }
  uint32_t of(uint32_t worker) const { return counts_[worker].load(std::memory_order_relaxed); }

 private:
  std::unique_ptr<std::atomic<uint32_t>[]> counts_;
};

}  // namespace oklo::gate
