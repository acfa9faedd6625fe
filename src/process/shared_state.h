#pragma once

#include <optional>
#include <vector>

#include "process/application.h"
#include "process/wires.h"
#include "shm/address_table.h"
#include "shm/broadcast.h"
#include "shm/connection_states.h"
#include "shm/connection_table.h"
#include "shm/scoreboard.h"
#include "shm/task_table.h"

namespace oklo {

// What all processes of the service share: memory, mailboxes and wires. Made by the master before the first
// fork.
struct SharedState {
  Scoreboard scoreboard;
  ConnectionTable connections;
  std::optional<Broadcast> broadcast;  // where a service asked for it; behind those of the lives that of the
                                       // master and, in process mode, that of the manager
  std::optional<Mailboxes> mail;       // where the program asked for it
  std::optional<TaskTable> tasks;      // where there are task workers
  std::optional<Wires> wires;          // in process mode
  std::optional<ConnectionStates> states;  // the same
  std::optional<AddressTable> address_table;  // where addresses have limits

  // `threads`: of the gate, 0 in base mode. The slots are those of the workers, of the processes, of the
  // threads and of the manager. `number`: how many of them there were before.
  static Result<SharedState> create(const MasterOptions& options, uint32_t workers, uint32_t threads,
                                    const std::vector<sys::Address>& addresses, uint32_t number = 0);
};

}  // namespace oklo
