#pragma once

#include <signal.h>

#include <optional>
#include <vector>

#include "base/result.h"
#include "sys/fd.h"

namespace oklo::sys {

// Blocks the given signals in the whole process and makes them readable (signalfd(2)).
class SignalFd {
 public:
  static Result<SignalFd> create(const std::vector<int>& signals);

  // The next signal that arrived, if there is one.
  std::optional<int> next();

  int fd() const { return fd_.get(); }

 private:
  explicit SignalFd(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

// Gives every signal its default disposition and unblocks all: what a child starts from after fork.
void reset_signals();

// SIGPIPE and SIGXFSZ are ignored: a peer that went away, or a file that may not grow (RLIMIT_FSIZE), is an
// errno of write, not the end of the process.
void ignore_signals_of_write();

}  // namespace oklo::sys
