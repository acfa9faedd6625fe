#pragma once

#include <atomic>
#include <cstdint>

namespace oklo::sys {

// Sleeps as long as the word, in memory that may be shared, holds `expected`, but no longer than the time
// (futex(2)); returns at once when it holds something else, and at times for no reason: look again.
// timeout_ns: UINT64_MAX is for ever. A signal handler that runs meanwhile makes it return.
void futex_wait(const std::atomic<uint32_t>& word, uint32_t expected, uint64_t timeout_ns);

// Wakes all that sleep on the word, in whatever process.
void futex_wake(const std::atomic<uint32_t>& word);

}  // namespace oklo::sys
