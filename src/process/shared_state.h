#pragma once

#include <optional>
#include <vector>

#include "process/application.h"
#include "shm/broadcast.h"
#include "shm/connection_table.h"
#include "shm/scoreboard.h"
#include "shm/task_table.h"

namespace oklo {

// What all processes of the service share: memory, and mailboxes. Made by the master before the first fork.
struct SharedState {
  Scoreboard scoreboard;
  ConnectionTable connections;
  std::optional<Broadcast> broadcast;  // where a service asked for it; behind those of the lives the master's
  std::optional<Mailboxes> mail;       // where the program asked for it
  std::optional<TaskTable> tasks;      // where there are task workers

  static Result<SharedState> create(const MasterOptions& options, uint32_t slots,
                                    const std::vector<sys::Address>& addresses);
};

}  // namespace oklo
