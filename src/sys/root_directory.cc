#include "sys/root_directory.h"

#include <fcntl.h>

#include "base/assert.h"
#include "sys/kernel.h"

namespace oklo::sys {

namespace {

long open_place(const char* path, Fd& out) {
  long fd = kernel::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  if (fd >= 0) out.reset(static_cast<int>(fd));
  return fd;
}

Error cannot_change(long result, const std::string& path) {
  return system_error(static_cast<int>(-result), "cannot change the root to " + path);
}

}  // namespace

Result<void> change_root(const std::string& path) {
  long result = kernel::chroot(path.c_str());
  if (result >= 0) result = kernel::chdir("/");
  if (result < 0) return cannot_change(result, path);
  return {};
}

Result<RootVisit> RootVisit::begin(const std::string& path) {
  Fd root, place;
  long result = open_place("/", root);
  if (result >= 0) result = open_place(".", place);
  if (result < 0) return cannot_change(result, path);
  RootVisit visit(std::move(root), std::move(place));
  if (Result<void> changed = change_root(path); !changed) return changed.error();
  return visit;
}

// A process that can't come back would serve other files than it was told to.
RootVisit::~RootVisit() {
  if (!root_) return;
  bool back = kernel::fchdir(root_.get()) >= 0 && kernel::chroot(".") >= 0;
  OKLO_ASSERT(back && "the way back from another root directory");
  kernel::fchdir(place_.get());
}

}  // namespace oklo::sys
