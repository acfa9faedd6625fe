#pragma once

#include <cstdint>

#include "base/result.h"
#include "sys/epoll.h"
#include "sys/signal_fd.h"

namespace oklo::lab {

// The signals of the lab: those that ask it to end, and that of a child. From its making on they are blocked,
// and only heard where the lab waits.
class Interrupts {
 public:
  static Result<Interrupts> create();

  // Whether the lab was asked to end (SIGINT, SIGTERM, SIGHUP). From then on wait_readable waits no more.
  bool happened() const { return happened_; }

  // Waits until the fd is readable or has ended: 0. -ETIMEDOUT when that time of monotonic_ms has come,
  // -EINTR when the lab is to end; or another negative errno number.
  [[nodiscard]] long wait_readable(int fd, uint64_t until_ms);

  // Waits until some child has a new state, a request to end comes, or that time.
  void wait_for_child(uint64_t until_ms);

 private:
  Interrupts(sys::SignalFd signals, sys::Epoll epoll)
      : signals_(std::move(signals)), epoll_(std::move(epoll)) {}
  void take_signals();

  sys::SignalFd signals_;
  sys::Epoll epoll_;
  bool happened_ = false;
};

}  // namespace oklo::lab
