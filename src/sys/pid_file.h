#pragma once

#include <string>

#include "base/result.h"
#include "sys/fd.h"

namespace oklo::sys {

// A file that holds this process's id and is locked (flock(2)) as long as the process lives: one left by
// a dead process is taken over, one of a living process is an error that names its pid, and so is a file that
// holds anything else.
class PidFile {
 public:
  static Result<PidFile> create(const std::string& path);
  PidFile(PidFile&&) = default;

  // Removes the file. Only the process that the file names may do this.
  void remove();

 private:
  PidFile(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Fd fd_;
  std::string path_;
};

}  // namespace oklo::sys
