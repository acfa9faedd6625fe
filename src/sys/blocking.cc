#include "sys/blocking.h"

#include <fcntl.h>

#include "sys/kernel.h"
#include "sys/retry.h"

namespace oklo::sys {

long make_blocking(int fd) {
  long flags = kernel::fcntl(fd, F_GETFL, 0);
  return flags < 0 ? flags : kernel::fcntl(fd, F_SETFL, flags & ~long{O_NONBLOCK});
}

long accept_and_wait(int listener) {
  return retry([&] { return kernel::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC); });
}

}  // namespace oklo::sys
