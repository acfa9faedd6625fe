#pragma once

#include <atomic>
#include <cstdint>

namespace oklo {

// A 64-bit number in shared memory with one writer and any number of readers in other processes; zeroed
// memory is a counter of zero. The general form is for machines that can't store 64 bits at once. It has
// two places: the lowest bit of the sequence names the one that holds, while the other is written. So a
// writer that is stopped or killed in the middle keeps nobody waiting.
template <bool kStoresAtOnce>
class BasicCounter {
 public:
  BasicCounter() = default;
  BasicCounter(const BasicCounter& other) { set(other.value()); }
  BasicCounter& operator=(const BasicCounter& other) {
    set(other.value());
    return *this;
  }

  void set(uint64_t value) {
    uint32_t next = sequence_.load(std::memory_order_relaxed) + 1;
    std::atomic_thread_fence(std::memory_order_release);
    places_[next % 2].high.store(static_cast<uint32_t>(value >> 32), std::memory_order_relaxed);
    places_[next % 2].low.store(static_cast<uint32_t>(value), std::memory_order_relaxed);
    sequence_.store(next, std::memory_order_release);
  }

  // Reads again only when the writer has finished a change in between.
  uint64_t value() const {
    for (;;) {
      uint32_t before = sequence_.load(std::memory_order_acquire);
      uint64_t high = places_[before % 2].high.load(std::memory_order_relaxed);
      uint32_t low = places_[before % 2].low.load(std::memory_order_relaxed);
      std::atomic_thread_fence(std::memory_order_acquire);
      if (sequence_.load(std::memory_order_relaxed) == before) return high << 32 | low;
    }
  }

  void add(uint64_t amount) { set(value() + amount); }

 private:
  struct Place {
    std::atomic<uint32_t> high = 0;
    std::atomic<uint32_t> low = 0;
  };

  std::atomic<uint32_t> sequence_ = 0;
  Place places_[2];
};

// The one writer reads what it has written itself, and needs no atomic addition, which costs more.
template <>
class BasicCounter<true> {
 public:
  void set(uint64_t value) { __atomic_store_n(&value_, value, __ATOMIC_RELAXED); }
  uint64_t value() const { return __atomic_load_n(&value_, __ATOMIC_RELAXED); }
  __attribute__((no_sanitize("thread"))) void add(uint64_t amount) { value_ += amount; }

 private:
  uint64_t value_ = 0;
};

using Counter = BasicCounter<std::atomic<uint64_t>::is_always_lock_free>;

}  // namespace oklo
