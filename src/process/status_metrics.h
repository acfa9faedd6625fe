#pragma once

#include <string>
#include <string_view>

#include "process/status.h"
#include "shm/connection_table.h"

namespace oklo {

// The state of the service as metrics for Prometheus: codec::MetricsText::kMediaType. What stands in labels
// is of the program alone, never of a client, so their number has a bound.
std::string status_metrics(const Scoreboard& scoreboard, const ConnectionTable& connections,
                           std::string_view version, const TaskTable* tasks = nullptr);

}  // namespace oklo
