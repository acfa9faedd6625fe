#pragma once

#include <string>
#include <string_view>

#include "reactor/reactor.h"
#include "base/counter.h"

namespace oklo {

// Gathers lines and writes them to an fd in few calls, from a timer and when much has gathered, and never
// waits: what the fd does not take stays here up to kBytesMax, then whole lines are dropped and counted.
class LineWriter final : private Timer {
 public:
  static constexpr size_t kBytesMax = 256 * 1024;

  LineWriter(Reactor& reactor, int fd, Counter& dropped) : reactor_(reactor), fd_(fd), dropped_(dropped) {}

  void append(std::string_view line);
  void flush();
  // Writes to another fd from now on (a log that was reopened).
  void set_fd(int fd) { fd_ = fd; }

 private:
  void on_timer() override;

  Reactor& reactor_;
  int fd_;
  Counter& dropped_;
  std::string waiting_;
};

}  // namespace oklo
