#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "sys/fd.h"

namespace oklo::sys {

// How the ends of a SocketPair are connected: with an end of file when the other side is gone
// (SOCK_SEQPACKET), or without, so that an end says nothing of the processes that hold it (SOCK_DGRAM).
enum class PairKind : uint8_t { packets, datagrams, stream };

// The two ends of a non-blocking, close-on-exec pair (unix(7)): whole messages, in order.
struct SocketPair {
  Fd first;
  Fd second;

  static Result<SocketPair> create(PairKind kind = PairKind::packets);
  // The same whose calls wait.
  static Result<SocketPair> create_waiting(PairKind kind);
};

// How many bytes may be under way from this end on, which is also how long one message may be: as many as the
// kernel allows, at most `bytes` (SO_SNDBUF, SO_SNDBUFFORCE, socket(7)).
void widen_send_buffer(int fd, int bytes);

// Sends one message, with a copy of `passed_fd` when that is not -1 (SCM_RIGHTS, unix(7)).
[[nodiscard]] long send_message(int fd, std::span<const char> message, int passed_fd = -1);

// Receives one message of at most out.size() bytes, and the fd that came with it, if any, into
// `passed`. 0 is the end of file; a message that does not fit is -EMSGSIZE.
[[nodiscard]] long receive_message(int fd, std::span<char> out, Fd& passed);

// Whether a message or the end of file is there.
bool message_waits(int fd);

// Waits until a message or the end of file is there.
void wait_for_message(int fd);

}  // namespace oklo::sys
