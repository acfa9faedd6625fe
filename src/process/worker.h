#pragma once

#include "process/application.h"
#include "process/rights.h"
#include "sys/fd.h"

namespace oklo {

// What its keeper leaves to a worker that it forks, or to a process of the program's own; or the gate to one
// of its threads.
struct WorkerStart {
  WorkerContext context;             // all but reactor, drained and left
  sys::Fd channel;                   // the worker's end
  std::vector<int> keep;             // other fds that it needs
  Rights rights;
  uint32_t shutdown_timeout_ms = 0;
  WorkerPolicy policy;
  std::vector<OwnSignal> signals;
};

// Its whole life, from fork to exit.
[[noreturn]] void run_worker(Application& application, WorkerStart start);

// The life of a thread of the gate, in that thread of a process that has settled.
void run_gate_thread(Application& application, WorkerStart start);

}  // namespace oklo
