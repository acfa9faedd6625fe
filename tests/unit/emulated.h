#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

// Whether an emulator (qemu-user) stands between the test and the kernel. It takes TCP_INFO for
// an int, knows no PR_SET_CHILD_SUBREAPER, and lets more fds through recvmsg than there is room for.
inline bool emulated() {
  tcp_info info = {};
  socklen_t length = sizeof info;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool known = getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && length > sizeof(int);
  close(fd);
  return !known;
}

// As MIPS, qemu-user also tells the errors of a connect (SO_ERROR) by the numbers of this machine, and swaps
// the bytes of what comes by an fd whose number another sort of file had before.
inline bool emulated_mips() {
#ifdef __mips__
  return emulated();
#else
  return false;
#endif
}

// The thread sanitizer puts off a signal that comes in the middle of a function.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool kSignalsArePrompt = false;
#else
inline constexpr bool kSignalsArePrompt = true;
#endif
