#pragma once

#include <atomic>
#include <cstdint>

#include "base/counter.h"
#include "sys/shared_mutex.h"

namespace oklo {

// A 64-bit number in shared memory that any process changes; zeroed memory, made by init. Sums wrap around.
// The general form is for machines that can't change 64 bits at once: the number has two places there, and
// changes take turns by a lock. A process that is killed in the middle has changed nothing.
template <bool kChangesAtOnce>
class BasicSharedNumber {
 public:
  void init(int64_t value) {
    mutex_.init();
    set(value);
  }
  int64_t get() const { return static_cast<int64_t>(value_.value()); }
  void set(int64_t value) {
    mutex_.lock();
    value_.set(static_cast<uint64_t>(value));
    mutex_.unlock();
  }
  // The sum.
  int64_t add(int64_t amount) {
    mutex_.lock();
    uint64_t sum = value_.value() + static_cast<uint64_t>(amount);
    value_.set(sum);
    mutex_.unlock();
    return static_cast<int64_t>(sum);
  }
  // Whether the number was `expected`; then it is `desired` now.
  bool compare_exchange(int64_t expected, int64_t desired) {
    mutex_.lock();
    bool equal = get() == expected;
    if (equal) value_.set(static_cast<uint64_t>(desired));
    mutex_.unlock();
    return equal;
  }

 private:
  sys::SharedMutex mutex_;
  BasicCounter<false> value_;
};

template <>
class BasicSharedNumber<true> {
 public:
  void init(int64_t value) { set(value); }
  int64_t get() const { return static_cast<int64_t>(value_.load()); }
  void set(int64_t value) { value_.store(static_cast<uint64_t>(value)); }
  int64_t add(int64_t amount) {
    return static_cast<int64_t>(value_.fetch_add(static_cast<uint64_t>(amount)) +
                                static_cast<uint64_t>(amount));
  }
  bool compare_exchange(int64_t expected, int64_t desired) {
    uint64_t now = static_cast<uint64_t>(expected);
    return value_.compare_exchange_strong(now, static_cast<uint64_t>(desired));
  }

 private:
  std::atomic<uint64_t> value_;
};

using SharedNumber = BasicSharedNumber<std::atomic<uint64_t>::is_always_lock_free>;

}  // namespace oklo
