#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

// A copy of some bytes that ends where an unreadable page begins, so that a read past the end is a
// crash. It owns its pages.
class Guarded {
 public:
  explicit Guarded(std::string_view bytes) : size_(bytes.size()) {
    size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    readable_ = std::max((size_ + page - 1) / page * page, kUsualBytes);
    start_ = take_pages(readable_, page);
    bytes_ = start_ + readable_ - size_;
    if (size_ > 0) memcpy(bytes_, bytes.data(), size_);
    mapped_ = readable_ + page;
  }
  // Who still looks at them sees other bytes.
  ~Guarded() {
    memset(bytes_, 0xdd, size_);
    if (readable_ == kUsualBytes) spare().push_back(start_);
    else munmap(start_, mapped_);
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  char* data() { return bytes_; }
  size_t size() const { return size_; }
  std::string_view view() const { return {bytes_, size_}; }

 private:
  static constexpr size_t kUsualBytes = 65'536;  // a multiple of all sizes of pages

  // Those of usual size that are not in use: to map them anew for each piece of an input is most of the time
  // of a fuzz target.
  static std::vector<char*>& spare() {
    static thread_local std::vector<char*> pages;
    return pages;
  }
  static char* take_pages(size_t readable, size_t page) {
    if (readable == kUsualBytes && !spare().empty()) {
      char* start = spare().back();
      spare().pop_back();
      return start;
    }
    void* start =
        mmap(nullptr, readable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) abort();
    if (mprotect(static_cast<char*>(start) + readable, page, PROT_NONE) != 0) abort();
    return static_cast<char*>(start);
  }

  char* start_ = nullptr;
  char* bytes_ = nullptr;
  size_t size_;
  size_t readable_ = 0;
  size_t mapped_ = 0;
};
