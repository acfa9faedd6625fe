#pragma once

#include <atomic>
#include <cstdint>

namespace oklo {

// A 64-bit number in shared memory with one writer and any number of readers in other processes. The
// general form is for machines that can't store 64 bits at once: two halves, and a sequence that is odd
// while they change (a seqlock).
template <bool kStoresAtOnce>
class BasicCounter {
 public:
  void set(uint64_t value) {
    sequence_.store(sequence_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    high_.store(static_cast<uint32_t>(value >> 32), std::memory_order_relaxed);
    low_.store(static_cast<uint32_t>(value), std::memory_order_relaxed);
    sequence_.store(sequence_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  // A writer that died in the middle leaves the sequence odd, so a reader gives up waiting after a while.
  uint64_t value() const {
    for (int tries = 0;; tries++) {
      uint32_t before = sequence_.load(std::memory_order_acquire);
      uint64_t high = high_.load(std::memory_order_relaxed);
      uint32_t low = low_.load(std::memory_order_relaxed);
      std::atomic_thread_fence(std::memory_order_acquire);
      bool whole = before % 2 == 0 && before == sequence_.load(std::memory_order_relaxed);
      if (whole || tries == kTriesMax) return high << 32 | low;
    }
  }

  void add(uint64_t amount) { set(value() + amount); }

 private:
  static constexpr int kTriesMax = 1000;

  std::atomic<uint32_t> sequence_ = 0;
  std::atomic<uint32_t> high_ = 0;
  std::atomic<uint32_t> low_ = 0;
};

template <>
class BasicCounter<true> {
 public:
  void set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }
  void add(uint64_t amount) { set(value() + amount); }

 private:
  std::atomic<uint64_t> value_ = 0;
};

using Counter = BasicCounter<std::atomic<uint64_t>::is_always_lock_free>;

}  // namespace oklo
