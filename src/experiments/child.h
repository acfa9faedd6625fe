#pragma once

#include "base/result.h"

#include <oklo/function.h>

namespace oklo::experiments {

// A process of an experiment. It leads a process group of its own, which is killed as a whole when this dies;
// the kernel kills the process itself when its parent dies, at whatever moment.
class Child {
 public:
  // Runs `body` in it, with the default dispositions of signals; the process ends when that returns.
  static Result<Child> start(const Function<void()>& body);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  int pid() const { return pid_; }

  // Waits until it has ended by itself, or has done what a SIGTERM asks for.
  void wait();
  void stop();

 private:
  explicit Child(int pid) : pid_(pid) {}
  int pid_;  // 0: it was reaped, or moved from
};

}  // namespace oklo::experiments
