#pragma once

#include <string>
#include <string_view>

#include "process/connection_list.h"
#include "process/status.h"
#include "shm/connection_table.h"

namespace oklo {

// What all that is told of a service is read from: shared memory.
struct ServiceView {
  const Scoreboard& scoreboard;
  const ConnectionTable& connections;
  const TaskTable* tasks;  // may be null
  std::string_view version;
  // Those that the configurations before it have yet.
  ConnectionSources leaving = {};
};

// The answer to a command that only wants to know something: "status", "metrics", "connections" or "top" and
// their words. The error is for the person who asked.
Result<std::string> tell(std::string_view command, const ServiceView& view);

}  // namespace oklo
