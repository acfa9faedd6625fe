#include "process/rights.h"

#include "process/application.h"
#include "sys/process.h"
#include "sys/root_directory.h"

namespace oklo {

namespace {

constexpr uid_t kNobody = 65534;

Error only_root(const std::string& may, const char* what) {
  return {0, "only root can " + may + "; start as root, or name no " + what};
}

}  // namespace

Result<Rights> Rights::choose(const MasterOptions& options) {
  Rights rights;
  rights.changes_user = sys::effective_uid() == 0;
  rights.user_was_named = !options.user.empty() || !options.group.empty();
  rights.user = {kNobody, kNobody};
  rights.root = options.chroot;
  if (!options.user.empty()) {
    Result<sys::User> user = sys::find_user(options.user);
    if (!user) return user.error();
    if (!rights.changes_user && user->uid != sys::effective_uid())
      return only_root("become user " + options.user, "user");
    rights.groups = sys::groups_of(user->name);
    rights.user = std::move(user).value();
  }
  if (!options.group.empty()) {
    if (!rights.changes_user) return only_root("become group " + options.group, "group");
    Result<gid_t> group = sys::find_group(options.group);
    if (!group) return group.error();
    rights.user.gid = *group;
  }
  if (!rights.root.empty() && !rights.changes_user)
    return only_root("change the root directory", "root directory");
  return rights;
}

Result<void> drop_rights(const Rights& rights, const std::string& name, Log& log) {
  if (!rights.root.empty())
    if (Result<void> entered = sys::change_root(rights.root); !entered) return entered;
  if (!rights.changes_user) return {};
  Result<void> dropped = sys::become_user(rights.user.uid, rights.user.gid, rights.groups);
  if (dropped || rights.user_was_named) return dropped;
  log.line(dropped.error().text + "; " + name + " stays root");
  return {};
}

Result<void> enter_root(Rights& rights) {
  if (rights.root.empty()) return {};
  return sys::change_root(std::exchange(rights.root, {}));
}

}  // namespace oklo
