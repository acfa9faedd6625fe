#pragma once

#include <string>
#include <string_view>

#include "process/application.h"
#include "shm/scoreboard.h"

namespace oklo {

// The state of the service, from shared memory and /proc alone, so that it can be told while every worker
// is stopped: as a table for people, and as JSON.
std::string status_table(const Scoreboard& scoreboard, std::string_view version,
                         const TaskTable* tasks = nullptr);
std::string status_json(const Scoreboard& scoreboard, std::string_view version,
                        const TaskTable* tasks = nullptr);

// Whether a worker is there that answers, and in process mode a gate.
bool is_healthy(const Scoreboard& scoreboard);

}  // namespace oklo
