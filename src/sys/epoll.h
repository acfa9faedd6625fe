#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <span>

#include "base/result.h"
#include "sys/fd.h"

namespace oklo::sys {

// Bits of an interest and of an event; the numbers are those of epoll_ctl(2).
enum Events : uint32_t {
  kReadable = 0x001,
  kWritable = 0x004,
  kError = 0x008,
  kHangUp = 0x010,
  kPeerClosed = 0x2000,
  kExclusive = 1u << 28,
};

// One epoll instance. `token` comes back with each event. add and modify may fail (ENOMEM, ENOSPC).
class Epoll {
 public:
  static Result<Epoll> create();

  [[nodiscard]] long add(int fd, uint32_t interest, uint64_t token);
  [[nodiscard]] long modify(int fd, uint32_t interest, uint64_t token);
  void remove(int fd);

  // Waits until an event is there or `timeout_ms` has passed (-1: without end). The number of events,
  // or a negative errno number.
  [[nodiscard]] long wait(std::span<epoll_event> events, int timeout_ms);

  int fd() const { return fd_.get(); }

 private:
  explicit Epoll(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace oklo::sys
