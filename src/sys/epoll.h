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
  kOneShot = 1u << 30,
  kEdge = 1u << 31,  // tells that something came, not that it is there
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
  // The same with a time as fine as the clock; a kernel before 5.11 waits up to the next millisecond.
  [[nodiscard]] long wait_ns(std::span<epoll_event> events, uint64_t timeout_ns);

  int fd() const { return fd_.get(); }

 private:
  explicit Epoll(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace oklo::sys
