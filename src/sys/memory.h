#pragma once

#include <cstddef>
#include <utility>

#include "base/result.h"

namespace oklo::sys {

// Zeroed pages, touched only when they are written. Unmapped when it dies.
class Memory {
 public:
  Memory() = default;
  static Result<Memory> allocate(size_t bytes);         // of this process (a fork copies it on write)
  static Result<Memory> allocate_shared(size_t bytes);  // one memory for this process and all it forks

  Memory(Memory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, size_t{0})) {}
  Memory& operator=(Memory&& other) noexcept;
  ~Memory();

  char* data() const { return static_cast<char*>(data_); }
  size_t size() const { return size_; }

 private:
  Memory(void* data, size_t size) : data_(data), size_(size) {}
  void* data_ = nullptr;
  size_t size_ = 0;
};

// From now on blocks of 128 KiB and more that this process frees go back to the kernel at once. Else the C
// library would keep up to 64 MiB of them for each thread (mallopt(3), M_MMAP_THRESHOLD).
void return_large_blocks();

}  // namespace oklo::sys
