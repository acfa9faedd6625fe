#include "sys/signal_fd.h"

#include <sys/signalfd.h>

#include "sys/kernel.h"
#include "sys/retry.h"

namespace oklo::sys {

namespace {

long set_disposition(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  return kernel::sigaction(signal, &action);
}

}  // namespace

Result<SignalFd> SignalFd::create(const std::vector<int>& signals) {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : signals) sigaddset(&set, signal);
  long fd = kernel::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) return system_error(static_cast<int>(-fd), "cannot make a signal fd");
  SignalFd made{Fd(static_cast<int>(fd))};
  long blocked = kernel::sigprocmask(SIG_BLOCK, &set, nullptr);
  if (blocked < 0) return system_error(static_cast<int>(-blocked), "cannot block signals");
  return made;
}

std::optional<int> SignalFd::next() {
  signalfd_siginfo info = {};
  long size = retry([&] { return kernel::read(fd_.get(), &info, sizeof info); });
  if (size != static_cast<long>(sizeof info)) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

// SIGKILL, SIGSTOP and the two that the C library keeps for its threads refuse, and that is well.
void reset_signals() {
  for (int signal = 1; signal < _NSIG; signal++) set_disposition(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  kernel::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void ignore_signals_of_write() {
  for (int signal : {SIGPIPE, SIGXFSZ}) set_disposition(signal, SIG_IGN);
}

}  // namespace oklo::sys
