#pragma once

#include <string>
#include <string_view>

#include "process/status.h"

namespace oklo {

// The state of the service as tables, for people.
std::string status_table(const Scoreboard& scoreboard, std::string_view version,
                         const TaskTable* tasks = nullptr);

}  // namespace oklo
