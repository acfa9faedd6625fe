#pragma once

#include <sys/select.h>

#include "base/assert.h"

namespace oklo::sys {

// Numbers of fds as select(2) takes them: a bit for each number below 1,024, and none for the others. FD_SET
// of a higher number writes behind the set, so that is a bug here.
class FdSet {
 public:
  static constexpr int kEnd = FD_SETSIZE;
  static bool fits(int fd) { return fd >= 0 && fd < kEnd; }

  FdSet() { FD_ZERO(&bits_); }
  void add(int fd) {
    OKLO_ASSERT(fits(fd));
    FD_SET(fd, &bits_);
  }
  bool has(int fd) const { return fits(fd) && FD_ISSET(fd, &bits_); }
  fd_set* data() { return &bits_; }

 private:
  fd_set bits_;
};

// Waits until one of them is ready; the sets hold only those then. All numbers are below `end`. How many are
// ready, or a negative errno number, as -EINTR after a signal: what the sets hold is undefined then.
[[nodiscard]] long select_ready(int end, FdSet& readable, FdSet& writable);

}  // namespace oklo::sys
