#pragma once

#include <signal.h>

#include <vector>

#include "base/result.h"

namespace oklo::sys {

// Signals that are taken when this process wants them, with a number that came along (sigqueue(3),
// sigwaitinfo(2)). They are blocked in the whole process from then on.
class SignalQueue {
 public:
  static Result<SignalQueue> create(const std::vector<int>& signals);

  // Waits for the next one. The lowest number comes first; one that is not a real-time signal comes once,
  // however often it was sent meanwhile, and with one of the values. The signal, or a negative errno number.
  [[nodiscard]] long take(int& value) const;

 private:
  explicit SignalQueue(const sigset_t& set) : set_(set) {}
  sigset_t set_;
};

// 0, or a negative errno number: -EAGAIN when as many wait as may (RLIMIT_SIGPENDING).
[[nodiscard]] long queue_signal(pid_t pid, int signal, int value);

}  // namespace oklo::sys
