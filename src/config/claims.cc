#include "config/claims.h"

#include <cerrno>

#include "config/glob.h"
#include "sys/file.h"
#include "sys/local_datagram.h"
#include "sys/user.h"

namespace oklo::config {

namespace {

template <class T>
Result<void> without_value(const Result<T>& found) {
  return found ? Result<void>() : Result<void>(found.error());
}

// A link that leads out of the root is followed within it when the root is changed, which is not done here:
// where it leads to is seen at the start.
Result<void> look_for_directory(const std::string& path, const std::string& root) {
  Result<sys::Fd> top = sys::open_directory(root);
  if (!top) return {};  // which is told where it is named
  sys::Fd found;
  size_t begin = path.find_first_not_of('/');
  long error = sys::open_beneath(top->get(), begin == path.npos ? "" : path.c_str() + begin, found);
  if (error == -EXDEV) return {};
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

Claim claim_of_file(const std::string& path, Place place) {
  std::string directory = directory_of(path);
  return {Claim::Kind::directory, directory.empty() ? "." : directory, place};
}

Result<void> look_for(const Claim& claim) {
  switch (claim.kind) {
    case Claim::Kind::user: return without_value(sys::find_user(claim.value));
    case Claim::Kind::group: return without_value(sys::find_group(claim.value));
    case Claim::Kind::syslog: return look_for_syslog(claim.value);
    case Claim::Kind::directory: break;
  }
  if (!claim.root.empty()) return look_for_directory(claim.value, claim.root);
  return without_value(sys::open_directory(claim.value));
}

}  // namespace oklo::config
