#pragma once

#include <string>
#include <string_view>

#include "process/status.h"

namespace oklo {

// The state of the service as JSON, for programs.
std::string status_json(const Scoreboard& scoreboard, std::string_view version,
                        const TaskTable* tasks = nullptr);

}  // namespace oklo
