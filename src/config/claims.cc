#include "config/claims.h"

#include <cerrno>

#include "base/nearest.h"
#include "config/glob.h"
#include "sys/file.h"
#include "sys/local_datagram.h"
#include "sys/user.h"

namespace oklo::config {

namespace {

// A short name is like too many others, and nobody has a long one.
Error with_nearest(const Error& error, std::string_view name, const std::vector<std::string>& all) {
  std::string_view near;
  if (name.size() > 3 && name.size() <= 32) near = nearest(name, {all.begin(), all.end()});
  return {error.number, error.text + (near.empty() ? "" : "; did you mean " + std::string(near) + "?")};
}

Result<void> look_for_user(const std::string& name) {
  Result<sys::User> found = sys::find_user(name);
  return found ? Result<void>() : with_nearest(found.error(), name, sys::user_names());
}

Result<void> look_for_group(const std::string& name) {
  Result<gid_t> found = sys::find_group(name);
  return found ? Result<void>() : with_nearest(found.error(), name, sys::group_names());
}

Result<void> look_for_place_of(const std::string& path) {
  std::string directory = directory_of(path);
  Result<sys::Fd> found = sys::open_directory(directory.empty() ? "." : directory);
  if (!found) return found.error();
  if (sys::open_directory(path)) return Error{0, path + " is a directory"};
  return {};
}

// A link that leads out of the root is followed within it when the root is changed, which is not done here:
// where it leads to is seen at the start. There, too, more may be read.
Result<void> look_for_directory(const std::string& path, const std::string& root) {
  Result<sys::Fd> top = sys::open_directory(root);
  if (!top) return {};  // which is told where it is named
  sys::Fd found;
  size_t begin = path.find_first_not_of('/');
  long error = sys::open_beneath(top->get(), begin == path.npos ? "" : path.c_str() + begin, found);
  if (error == -EXDEV || error == -EACCES) return {};
  sys::FileInfo info;
  if (error >= 0) error = sys::file_info(found.get(), info);
  if (error >= 0 && info.kind != sys::FileInfo::Kind::directory) error = -ENOTDIR;
  if (error >= 0) return {};
  return system_error(static_cast<int>(-error), "cannot open the directory " + path + " in " + root);
}

Result<void> look_for_syslog(const std::string& path) {
  Result<sys::Fd> fd = sys::open_local_datagrams();
  if (!fd) return fd.error();
  long error = sys::connect_local(fd->get(), path);
  if (error >= 0) return {};
  return system_error(static_cast<int>(-error), "cannot reach the syslog daemon at " + path);
}

}  // namespace

Result<void> look_for(const Claim& claim) {
  switch (claim.kind) {
    case Claim::Kind::file: return look_for_place_of(claim.value);
    case Claim::Kind::user: return look_for_user(claim.value);
    case Claim::Kind::group: return look_for_group(claim.value);
    case Claim::Kind::syslog: return look_for_syslog(claim.value);
    case Claim::Kind::directory: break;
  }
  if (!claim.root.empty()) return look_for_directory(claim.value, claim.root);
  Result<sys::Fd> found = sys::open_directory(claim.value);
  return found ? Result<void>() : Result<void>(found.error());
}

}  // namespace oklo::config
