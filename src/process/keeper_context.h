#pragma once

#include <string>
#include <vector>

#include "process/application.h"
#include "process/listeners.h"
#include "process/rights.h"
#include "process/wires.h"

namespace oklo {

// What a process that keeps others works with. Made by the master; the manager has a copy since its fork,
// with a Reactor and a Log of its own.
struct KeeperContext {
  Application* application = nullptr;
  Reactor* reactor = nullptr;
  Log* log = nullptr;
  const Listeners* listeners = nullptr;  // nullptr in the manager: the gate has them
  std::vector<sys::Address> addresses;
  const Scoreboard* scoreboard = nullptr;
  const ConnectionTable* connections = nullptr;
  const AddressTable* address_table = nullptr;  // may be null
  Broadcast* broadcast = nullptr;        // may be null
  TaskTable* tasks = nullptr;            // may be null
  const Mailboxes* mail = nullptr;       // may be null
  const Wires* wires = nullptr;          // nullptr: base mode
  const ConnectionStates* states = nullptr;  // the same
  bool broadcasts = false;               // the processes want to
  uint32_t workers = 1;
  std::vector<int> keep;                 // fds of the application
  LogSink access_log;
  Rights rights;
  uint32_t shutdown_timeout_ms = 0;
  WorkerPolicy policy;
  std::vector<ProcessSpec> processes;
  std::vector<OwnSignal> signals;

  // Application::prepare, with the root directory of the children.
  Result<void> prepare(std::vector<int>& to_keep) const;
};

}  // namespace oklo
