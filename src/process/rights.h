#pragma once

#include <string>
#include <vector>

#include "net/log.h"
#include "sys/user.h"

namespace oklo {

struct MasterOptions;

// As whom the children run, and where their root directory is.
struct Rights {
  bool changes_user = false;
  sys::User user;
  std::vector<gid_t> groups;     // besides that of the user
  bool user_was_named = false;   // by whoever started the service; else a child may go on as who it is
  std::string root = {};         // empty: as it is

  // In the master, before the first fork.
  static Result<Rights> choose(const MasterOptions& options);
};

// Root of a user namespace may have no other user to become, and root without capabilities may not: both
// have little to give up. Who asked for a user, or for another root directory, gets that or nothing.
Result<void> drop_rights(const Rights& rights, const std::string& name, Log& log);

// The process goes on with that root directory, for good, but keeps its user; so do its children.
Result<void> enter_root(Rights& rights);

}  // namespace oklo
