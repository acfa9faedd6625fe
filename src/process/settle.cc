#include "process/settle.h"

#include <algorithm>

#include "sys/process.h"

namespace oklo {

void settle(const std::string& name, std::vector<int> keep, Log& log) {
  std::sort(keep.begin(), keep.end());
  sys::close_all_fds_except(keep);
  sys::set_title("oklo: " + name);
  log.set_name(name);
}

Result<void> drop_rights(const Rights& rights, const std::string& name, Log& log) {
  if (!rights.changes_user) return {};
  Result<void> dropped = sys::become_user(rights.user.uid, rights.user.gid);
  if (dropped || rights.user_was_named) return dropped;
  log.line(dropped.error().text + "; " + name + " stays root");
  return {};
}

}  // namespace oklo
