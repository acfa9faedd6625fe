#include "experiments/child.h"

#include <utility>

#include "sys/process.h"
#include "sys/signal_fd.h"

namespace oklo::experiments {

// Parent and child both make the group: whoever comes first, it is there when `start` returns.
Result<Child> Child::start(const Function<void()>& body) {
  pid_t parent = sys::current_pid();
  Result<pid_t> pid = sys::fork_process();
  if (!pid) return std::move(pid).error();
  sys::lead_group(*pid);
  if (*pid > 0) return Child(*pid);
  sys::die_with_parent(parent);
  sys::reset_signals();
  sys::ignore_signals_of_write();
  body();
  sys::exit_now(0);
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}

Child::~Child() {
  if (pid_ == 0) return;
  sys::signal_group(pid_, SIGKILL);
  sys::reap(pid_);
}

// The group lives on while its leader is not reaped, so nobody else's is killed.
void Child::wait() {
  if (pid_ == 0) return;
  sys::wait_for_end(pid_);
  sys::signal_group(pid_, SIGKILL);
  sys::reap(std::exchange(pid_, 0));
}

void Child::stop() {
  if (pid_ == 0) return;
  sys::send_signal(pid_, SIGTERM);
  wait();
}

}  // namespace oklo::experiments
