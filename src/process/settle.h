#pragma once

#include <string>
#include <vector>

#include "net/log.h"

namespace oklo {

// After fork, a child becomes a process of its own: only those fds, its title, its name in the log, which is
// its stderr.
void settle(const std::string& name, std::vector<int> keep, Log& log);

// Stderr, and the error log, are that open file from now on.
void take_error_log(Log& log, int fd, uint8_t priority);

}  // namespace oklo
