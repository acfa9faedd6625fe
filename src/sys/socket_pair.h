#pragma once

#include <span>

#include "base/result.h"
#include "sys/fd.h"

namespace oklo::sys {

// The two ends of a non-blocking, close-on-exec SOCK_SEQPACKET pair (unix(7)): whole messages, in
// order, and an end of file when the other side is gone.
struct SocketPair {
  Fd first;
  Fd second;

  static Result<SocketPair> create();
};

// Sends one message, with a copy of `passed_fd` when that is not -1 (SCM_RIGHTS, unix(7)).
[[nodiscard]] long send_message(int fd, std::span<const char> message, int passed_fd = -1);

// Receives one message of at most out.size() bytes, and the fd that came with it, if any, into
// `passed`. 0 is the end of file; a message that does not fit is -EMSGSIZE.
[[nodiscard]] long receive_message(int fd, std::span<char> out, Fd& passed);

// Waits until a message or the end of file is there.
void wait_for_message(int fd);

}  // namespace oklo::sys
