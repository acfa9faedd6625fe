#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "sys/fd.h"

namespace oklo::sys {

// Memory that is read and written as a file (memfd_create(2)), shared by all processes that have its fd.
// What was never written takes none. Where the kernel has none, an unnamed file in /dev/shm or /tmp.
class MemoryFile {
 public:
  static Result<MemoryFile> create(const char* name);

  int fd() const { return fd_.get(); }

  // All of the bytes, or a negative errno number: there is no memory for them.
  [[nodiscard]] long write(std::string_view bytes, uint64_t offset) const;
  [[nodiscard]] long read(char* out, size_t size, uint64_t offset) const;  // 0 when all were there
  // Gives the memory back, as far as the kernel takes it; what is read there later is zero or as before.
  void give_back(uint64_t offset, uint64_t size) const;

 private:
  explicit MemoryFile(Fd fd) : fd_(std::move(fd)) {}

  Fd fd_;
};

}  // namespace oklo::sys
