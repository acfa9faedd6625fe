#include "sys/socket_pair.h"

#include <poll.h>
#include <errno.h>

#include <cstring>

#include "sys/kernel.h"
#include "sys/retry.h"

namespace oklo::sys {

namespace {

// Room for the control message that carries one fd. CMSG_LEN and not CMSG_SPACE is given to the kernel:
// the padding of CMSG_SPACE would let a second fd in.
struct Control {
  alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(int))] = {};
};

void put_fd(msghdr& message, Control& control, int fd) {
  message.msg_control = control.bytes;
  message.msg_controllen = CMSG_LEN(sizeof fd);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
}

Fd take_fd(msghdr& message) {
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (!header || header->cmsg_type != SCM_RIGHTS || header->cmsg_len < CMSG_LEN(sizeof(int))) return Fd();
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return Fd(fd);
}

Result<SocketPair> create_pair(PairKind kind, int flags) {
  int ends[2] = {-1, -1};
  int type = kind == PairKind::packets ? SOCK_SEQPACKET : kind == PairKind::stream ? SOCK_STREAM : SOCK_DGRAM;
  long result = kernel::socketpair(AF_UNIX, type | SOCK_CLOEXEC | flags, 0, ends);
  if (result < 0) return system_error(static_cast<int>(-result), "cannot make a socket pair");
  return SocketPair{Fd(ends[0]), Fd(ends[1])};
}

}  // namespace

Result<SocketPair> SocketPair::create(PairKind kind) { return create_pair(kind, SOCK_NONBLOCK); }

Result<SocketPair> SocketPair::create_waiting(PairKind kind) { return create_pair(kind, 0); }

// Root may go beyond what is allowed to all (net.core.wmem_max).
void widen_send_buffer(int fd, int bytes) {
  if (kernel::setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) < 0)
    kernel::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

long send_message(int fd, std::span<const char> message, int passed_fd) {
  OKLO_ASSERT(!message.empty());  // to the receiver it would look like the end of file
  iovec part = {const_cast<char*>(message.data()), message.size()};
  Control control;
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (passed_fd >= 0) put_fd(header, control, passed_fd);
  return retry([&] { return kernel::sendmsg(fd, &header, MSG_NOSIGNAL); });
}

long receive_message(int fd, std::span<char> out, Fd& passed) {
  iovec part = {out.data(), out.size()};
  Control control;
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes;
  header.msg_controllen = CMSG_LEN(sizeof(int));
  long size = retry([&] { return kernel::recvmsg(fd, &header, MSG_CMSG_CLOEXEC); });
  if (size < 0) return size;
  passed = take_fd(header);
  if (!(header.msg_flags & MSG_TRUNC)) return size;
  passed.reset();
  return -EMSGSIZE;
}

bool message_waits(int fd) { return kernel::poll(fd, POLLIN, 0) > 0; }

void wait_for_message(int fd) {
  while (kernel::poll(fd, POLLIN, -1) == -EINTR) {
  }
}

}  // namespace oklo::sys
