#pragma once

#include <atomic>
#include <cstdint>

#include "base/counter.h"
#include "sys/time.h"

namespace oklo::bench {

// The moment from which on all threads make load: when the last of them is prepared.
class Start {
 public:
  explicit Start(unsigned threads) : missing_(threads) {}

  // Once for each thread.
  void arrive() {
    if (missing_.fetch_sub(1) == 1) ns_.set(sys::monotonic_ns());
  }
  // In monotonic nanoseconds; 0: it has not come.
  uint64_t ns() const { return ns_.value(); }

 private:
  std::atomic<unsigned> missing_;
  Counter ns_;
};

}  // namespace oklo::bench
