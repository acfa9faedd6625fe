#pragma once

#include <cstdint>
#include <memory>

#include "net/log.h"
#include "process/mailboxes.h"
#include "reactor/fd_table.h"
#include "reactor/reactor.h"
#include "reactor/timer_table.h"

#include <oklo/resolve.h>

namespace oklo {

class TaskAsker;

// The process as the functions of <oklo/worker.h> find it. There is one for each process that has a Reactor;
// a child makes its own, which hides that of the master it was forked from. The Reactor and the Log must
// outlive it.
class Here {
 public:
  Here(Reactor& of_reactor, Log& of_log, uint32_t own_number, uint32_t workers, uint32_t own_generation);
  Here(const Here&) = delete;
  Here& operator=(const Here&) = delete;
  ~Here();

  // To ask for it where there is none is a bug of the program.
  static Here& current();

  Reactor& reactor;
  Log& log;
  uint32_t number;  // 0: the master
  uint32_t count;
  uint32_t generation;
  TimerTable timers;
  FdTable fds;
  const Mailboxes* mail = nullptr;  // nullptr: there are none
  TaskAsker* tasks = nullptr;       // the same
  ResolverOptions resolver_options;
  // Without their types: a program that resolves no names, or has no coroutines, does not link them.
  std::shared_ptr<void> resolver;
  std::shared_ptr<void> coroutines;

 private:
  Here* before_;
};

}  // namespace oklo
