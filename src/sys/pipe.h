#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "sys/fd.h"

namespace oklo::sys {

// The two ends of a pipe whose calls wait, close-on-exec (pipe(7)).
struct Pipe {
  Fd reading;
  Fd writing;

  static Result<Pipe> create();
  // Of a fifo that is made at this path, where nothing may be; it has lost its name when this returns.
  static Result<Pipe> create_fifo(const std::string& path);
};

// As read(2) and write(2) do: how many bytes, or a negative errno number. Signals do not end them.
[[nodiscard]] long read_bytes(int fd, void* out, size_t size);
[[nodiscard]] long write_bytes(int fd, const void* data, size_t size);

}  // namespace oklo::sys
