#include "sys/waiting.h"

#include <errno.h>
#include <poll.h>

#include <algorithm>
#include <climits>

#include "sys/kernel.h"
#include "sys/time.h"

namespace oklo::sys {

namespace {

constexpr int kNoFd = -1;  // poll(2) takes no notice of it

long wait(int fd, short events, uint64_t until_ms) {
  for (;;) {
    uint64_t now_ms = monotonic_ms();
    uint64_t left_ms = until_ms - std::min(until_ms, now_ms);
    long result = kernel::poll(fd, events, static_cast<int>(std::min<uint64_t>(left_ms, INT_MAX)));
    if (result > 0) return 0;
    if (result == 0 && left_ms <= INT_MAX) return -ETIMEDOUT;
    if (result < 0 && result != -EINTR) return result;
  }
}

}  // namespace

long wait_readable(int fd, uint64_t until_ms) { return wait(fd, POLLIN, until_ms); }

long wait_writable(int fd, uint64_t until_ms) { return wait(fd, POLLOUT, until_ms); }

void wait_until(uint64_t until_ms) {
  while (monotonic_ms() < until_ms)
    if (wait(kNoFd, 0, until_ms) != 0) return;
}

}  // namespace oklo::sys
