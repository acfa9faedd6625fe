#pragma once

#include <string>
#include <vector>

#include "net/log.h"
#include "sys/user.h"

namespace oklo {

// As whom the children run.
struct Rights {
  bool changes_user = false;
  sys::User user;
  bool user_was_named = false;  // by whoever started the service; else a child may go on as who it is
};

// After fork, a child becomes a process of its own: only those fds, its title, its name in the log.
void settle(const std::string& name, std::vector<int> keep, Log& log);

// Root of a user namespace may have no other user to become, and root without capabilities may not: both
// have little to give up. Who asked for a user gets that one or nothing.
Result<void> drop_rights(const Rights& rights, const std::string& name, Log& log);

}  // namespace oklo
