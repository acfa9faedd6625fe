#include "sys/poll.h"

#include "sys/epoll.h"
#include "sys/kernel.h"

namespace oklo::sys {

static_assert(+kReadable == POLLIN && +kWritable == POLLOUT && +kError == POLLERR && +kHangUp == POLLHUP);

long poll_ready(std::span<PollEntry> entries) { return kernel::poll(entries.data(), entries.size(), -1); }

}  // namespace oklo::sys
