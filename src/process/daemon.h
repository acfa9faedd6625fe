#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sys/fd.h"

namespace oklo {

// How a start ended: the exit code of the process, and the line that it prints when that is not 0.
struct StartOutcome {
  int exit_code = 0;
  std::string text;
};

// The way into the background, by the book (daemon(7), "SysV daemons"): fork, setsid, fork, chdir /, umask,
// standard fds. The process that was started waits until the service is up or has failed.
class Daemon {
 public:
  // In the process that was started: the outcome, once the daemon has reported it. In the daemon: nothing.
  std::optional<StartOutcome> detach();

  // From the daemon to the process that waits, once.
  void report(const StartOutcome& outcome);

 private:
  [[noreturn]] void give_up(const Error& error);
  static StartOutcome await_report(sys::Fd from);

  sys::Fd report_to_;
};

}  // namespace oklo
