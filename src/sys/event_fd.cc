#include "sys/event_fd.h"

#include <sys/eventfd.h>

#include <cstdint>

#include "sys/kernel.h"
#include "sys/retry.h"

namespace oklo::sys {

Result<EventFd> EventFd::create() {
  long fd = kernel::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return system_error(static_cast<int>(-fd), "cannot make an event fd");
  return EventFd(Fd(static_cast<int>(fd)));
}

void EventFd::ring() {
  const uint64_t one = 1;
  retry([&] { return kernel::write(fd_.get(), &one, sizeof one); });
}

void EventFd::clear() {
  uint64_t count = 0;
  retry([&] { return kernel::read(fd_.get(), &count, sizeof count); });
}

}  // namespace oklo::sys
