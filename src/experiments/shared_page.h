#pragma once

#include <atomic>
#include <cstdint>
#include <new>
#include <utility>

#include "base/result.h"
#include "experiments/client.h"
#include "sys/futex.h"
#include "sys/memory.h"
#include "sys/time.h"

namespace oklo::experiments {

// A T in memory that this process shares with those it forks from then on. T has no destructor of its own.
template <class T>
class SharedPage {
 public:
  static Result<SharedPage> make() {
    Result<sys::Memory> memory = sys::Memory::allocate_shared(sizeof(T));
    if (!memory) return memory.error();
    new (memory->data()) T();
    return SharedPage(std::move(memory).value());
  }
  T* operator->() const { return reinterpret_cast<T*>(memory_.data()); }
  T& operator*() const { return *reinterpret_cast<T*>(memory_.data()); }

 private:
  explicit SharedPage(sys::Memory memory) : memory_(std::move(memory)) {}
  sys::Memory memory_;
};

// A count in a SharedPage; who waits for it sleeps.
class Count {
 public:
  void add(uint32_t n = 1) {
    count_.fetch_add(n);
    sys::futex_wake(count_);
  }
  uint32_t value() const { return count_.load(); }
  // Waits until there are so many. False: that took too long.
  bool reaches(uint32_t wanted) const {
    const uint64_t until_ms = sys::monotonic_ms() + kPatienceMs;
    for (uint32_t now = value(); now < wanted; now = value()) {
      uint64_t now_ms = sys::monotonic_ms();
      if (now_ms >= until_ms) return false;
      sys::futex_wait(count_, now, (until_ms - now_ms) * 1'000'000);
    }
    return true;
  }

 private:
  std::atomic<uint32_t> count_ = 0;
};

}  // namespace oklo::experiments
