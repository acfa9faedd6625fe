#pragma once

#include "base/result.h"
#include "sys/fd.h"

namespace oklo::sys {

// A counter that another process or thread can make readable (eventfd(2)), non-blocking.
class EventFd {
 public:
  static Result<EventFd> create();

  void ring();   // never blocks: a full counter is readable already
  void clear();  // makes it unreadable until the next ring

  int fd() const { return fd_.get(); }

 private:
  explicit EventFd(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace oklo::sys
