#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "process/connection_list.h"
#include "process/status.h"

namespace oklo {

// What `oklo top` shows, 80 columns wide: a line of numbers for the program, then one of the service, its
// processes and threads, and some of its connections. Words before a query of connections: "rows=N", how many
// lines there may be behind the first. The numbers are requests, bytes in, bytes out, and the counts of the
// LatencyHistogram.
Result<std::string> status_top(const Scoreboard& scoreboard, const ConnectionSources& connections,
                               std::string_view version, std::string_view words);

}  // namespace oklo
