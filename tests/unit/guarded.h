#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

// A copy of some bytes that ends where an unreadable page begins, so that a read past the end is a
// crash. It owns its pages.
class Guarded {
 public:
  explicit Guarded(std::string_view bytes) : size_(bytes.size()) {
    size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    size_t readable = (size_ + page - 1) / page * page;
    mapped_ = readable + page;
    void* start = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) abort();
    start_ = static_cast<char*>(start);
    bytes_ = start_ + readable - size_;
    if (size_ > 0) memcpy(bytes_, bytes.data(), size_);
    if (mprotect(start_ + readable, page, PROT_NONE) != 0) abort();
  }
  ~Guarded() { munmap(start_, mapped_); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  char* data() { return bytes_; }
  size_t size() const { return size_; }
  std::string_view view() const { return {bytes_, size_}; }

 private:
  char* start_ = nullptr;
  char* bytes_ = nullptr;
  size_t size_;
  size_t mapped_ = 0;
};
