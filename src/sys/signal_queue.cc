#include "sys/signal_queue.h"

#include "sys/kernel.h"
#include "sys/retry.h"

namespace oklo::sys {

Result<SignalQueue> SignalQueue::create(const std::vector<int>& signals) {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : signals) sigaddset(&set, signal);
  long blocked = kernel::sigprocmask(SIG_BLOCK, &set, nullptr);
  if (blocked < 0) return system_error(static_cast<int>(-blocked), "cannot block signals");
  return SignalQueue(set);
}

long SignalQueue::take(int& value) const {
  siginfo_t info = {};
  long signal = retry([&] { return kernel::sigwaitinfo(&set_, &info); });
  value = info.si_value.sival_int;
  return signal;
}

long queue_signal(pid_t pid, int signal, int value) { return kernel::sigqueue(pid, signal, value); }

}  // namespace oklo::sys
