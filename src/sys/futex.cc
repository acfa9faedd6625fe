#include "sys/futex.h"

#include <limits.h>
#include <linux/futex.h>

#include "sys/kernel.h"

namespace oklo::sys {

static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t));

// A longer time than 2^31 - 1 seconds is for ever.
void futex_wait(const std::atomic<uint32_t>& word, uint32_t expected, uint64_t timeout_ns) {
  uint64_t seconds = timeout_ns / 1'000'000'000;
  timespec time = {};
  time.tv_sec = static_cast<time_t>(seconds);
  time.tv_nsec = static_cast<long>(timeout_ns % 1'000'000'000);
  kernel::futex(&word, FUTEX_WAIT, expected, seconds > INT_MAX ? nullptr : &time);
}

void futex_wake(const std::atomic<uint32_t>& word) { kernel::futex(&word, FUTEX_WAKE, INT_MAX, nullptr); }

}  // namespace oklo::sys
