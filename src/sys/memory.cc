#include "sys/memory.h"

#include <malloc.h>
#include <sys/mman.h>

#include "base/number.h"
#include "sys/kernel.h"

namespace oklo::sys {

namespace {

Result<void*> map(size_t bytes, int sharing) {
  void* data = nullptr;
  long result = kernel::mmap(&data, bytes, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
  if (result >= 0) return data;
  return system_error(static_cast<int>(-result), "cannot allocate " + decimal(bytes) + " bytes of memory");
}

}  // namespace

Result<Memory> Memory::allocate(size_t bytes) {
  Result<void*> data = map(bytes, MAP_PRIVATE | MAP_NORESERVE);
  if (!data) return std::move(data).error();
  return Memory(*data, bytes);
}

Result<Memory> Memory::allocate_shared(size_t bytes) {
  Result<void*> data = map(bytes, MAP_SHARED);
  if (!data) return std::move(data).error();
  return Memory(*data, bytes);
}

Memory& Memory::operator=(Memory&& other) noexcept {
  Memory taken(std::move(other));
  std::swap(data_, taken.data_);
  std::swap(size_, taken.size_);
  return *this;
}

Memory::~Memory() {
  if (data_) kernel::munmap(data_, size_);
}

void return_large_blocks() { mallopt(M_MMAP_THRESHOLD, 128 << 10); }

}  // namespace oklo::sys
