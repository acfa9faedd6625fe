#pragma once

#include <poll.h>

#include <span>

namespace oklo::sys {

// What poll(2) is asked of an fd, and what it answers; the bits are those of an epoll (sys/epoll.h).
using PollEntry = pollfd;

// Waits until something of one entry is ready. How many have something in `revents`, or a negative errno
// number, as -EINTR after a signal.
[[nodiscard]] long poll_ready(std::span<PollEntry> entries);

}  // namespace oklo::sys
