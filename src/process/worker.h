#pragma once

#include "process/application.h"
#include "sys/fd.h"
#include "sys/user.h"

namespace oklo {

// What the master leaves to a worker that it forks, or to a process of the program's own.
struct WorkerStart {
  WorkerContext context;             // all but reactor and drained
  sys::Fd channel;                   // the worker's end
  std::vector<int> keep;             // fds that the application opened
  bool changes_user = false;
  sys::User user;
  bool user_was_named = false;       // else it may go on as who it is when the change is refused
  uint32_t shutdown_timeout_ms = 0;
  WorkerPolicy policy;
  std::vector<OwnSignal> signals;
};

// Its whole life, from fork to exit.
[[noreturn]] void run_worker(Application& application, WorkerStart start);

}  // namespace oklo
