#pragma once

#include <cstdint>
#include <string>

#include "sys/fd.h"

namespace oklo::sys {

// Some bytes of an open regular file.
struct FilePart {
  Fd file;
  uint64_t offset = 0;
  uint64_t size = 0;
};

// At most `size` bytes from `offset`, as many as the file has there. False when it can't be opened, is no
// regular file or ends before `offset`. An fd is borrowed: the part has a number of its own.
[[nodiscard]] bool open_part(const std::string& path, uint64_t offset, uint64_t size, FilePart& out);
[[nodiscard]] bool open_part(int fd, uint64_t offset, uint64_t size, FilePart& out);

}  // namespace oklo::sys
