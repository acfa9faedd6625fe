#pragma once

#include <string>
#include <string_view>

#include "reactor/reactor.h"

namespace oklo {

// Gathers lines and writes them to an fd in few calls, from a timer and when much has gathered, and never
// waits: what the fd does not take stays here up to kBytesMax, then whole lines are dropped and counted.
class LineWriter final : private Timer {
 public:
  static constexpr size_t kBytesMax = 256 * 1024;

  LineWriter(Reactor& reactor, int fd) : reactor_(reactor), fd_(fd) {}

  void append(std::string_view line);
  void flush();
  // Writes to another fd from now on (a log that was reopened).
  void set_fd(int fd) { fd_ = fd; }
  uint64_t dropped() const { return dropped_; }

 private:
  void on_timer() override;

  Reactor& reactor_;
  int fd_;
  std::string waiting_;
  uint64_t dropped_ = 0;
};

}  // namespace oklo
