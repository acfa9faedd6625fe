#include "sys/root_directory.h"

#include <fcntl.h>

#include "base/assert.h"
#include "sys/kernel.h"

namespace oklo::sys {

namespace {

Fd open_place(const char* path) {
  long fd = kernel::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  return Fd(fd < 0 ? -1 : static_cast<int>(fd));
}

}  // namespace

Result<void> change_root(const std::string& path) {
  long result = kernel::chroot(path.c_str());
  if (result >= 0) result = kernel::chdir("/");
  if (result < 0) return system_error(static_cast<int>(-result), "cannot change the root to " + path);
  return {};
}

Result<RootVisit> RootVisit::begin(const std::string& path) {
  RootVisit visit(open_place("/"), open_place("."));
  if (!visit.root_ || !visit.place_) return Error{0, "cannot change the root to " + path};
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
