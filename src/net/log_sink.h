#pragma once

#include <cstdint>
#include <string_view>

namespace oklo {

// Where the lines of a log go: a file, a terminal, a pipe, or a syslog daemon. A plain value, which owns
// nothing.
struct LogSink {
  constexpr LogSink(int to = -1, uint8_t as = 0) : fd(to), priority(as) {}

  int fd;            // -1: nowhere
  uint8_t priority;  // of what a syslog daemon is sent, a datagram a line (codec/syslog.h); 0: there is none

  explicit operator bool() const { return fd >= 0; }
  // Whole lines, without waiting. How many bytes of them were taken, or a negative errno number.
  [[nodiscard]] long write(std::string_view lines) const;
};

}  // namespace oklo
