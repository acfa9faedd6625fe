#pragma once

#include <string>
#include <string_view>

#include "sys/fd.h"

namespace oklo {

// The error log of a process: whole lines, written at once, never waiting: a line that the fd does not
// take now is dropped and counted, and the next line that gets through says how many were. Opened by the
// master, inherited by its children.
class Log {
 public:
  // Writes to `fd`, which stays its owner's. `name` stands in every line: "master", "worker 1".
  Log(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

  void set_name(std::string name) { name_ = std::move(name); }
  // "2026-11-21T01:02:03Z master[123]: TEXT".
  void line(std::string_view text);

  int fd() const { return fd_; }
  const std::string& name() const { return name_; }

 private:
  int fd_;
  std::string name_;
  unsigned dropped_ = 0;
};

}  // namespace oklo
