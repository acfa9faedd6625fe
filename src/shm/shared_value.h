#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace oklo {

// A small plain value in shared memory with one writer and any number of readers in other processes; zeroed
// memory is a zeroed value. It has two places: the lowest bit of the sequence names the one that holds, while
// the other is written. So a writer that is stopped or killed in the middle keeps nobody waiting and changes
// nothing. Whoever reads what `set` wrote also sees what its writer had written before.
template <class T>
class SharedValue {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % sizeof(size_t) == 0);

 public:
  void set(const T& value) {
    const Words words = std::bit_cast<Words>(value);
    uint32_t next = sequence_.load(std::memory_order_relaxed) + 1;
    std::atomic_thread_fence(std::memory_order_release);
    for (size_t i = 0; i < words.size(); i++)
      places_[next % 2][i].store(words[i], std::memory_order_relaxed);
    sequence_.store(next, std::memory_order_release);
  }

  // Reads again only when the writer has finished a change in between.
  T value() const {
    Words words;
    for (;;) {
      uint32_t before = sequence_.load(std::memory_order_acquire);
      for (size_t i = 0; i < words.size(); i++)
        words[i] = places_[before % 2][i].load(std::memory_order_relaxed);
      std::atomic_thread_fence(std::memory_order_acquire);
      if (sequence_.load(std::memory_order_relaxed) == before) return std::bit_cast<T>(words);
    }
  }

 private:
  using Words = std::array<size_t, sizeof(T) / sizeof(size_t)>;

  std::atomic<uint32_t> sequence_;
  std::array<std::array<std::atomic<size_t>, sizeof(T) / sizeof(size_t)>, 2> places_;
};

}  // namespace oklo
