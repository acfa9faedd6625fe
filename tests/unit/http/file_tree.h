#pragma once

#include <string>
#include <string_view>

#include "temp_dir.h"

// A directory "root" that is served, within one that must not be. It goes with its test.
class FileTree : public TempDir {
 public:
  FileTree() { directory("root"); }

  std::string root() const { return *this / "root"; }
  void fifo(std::string_view name) { check(mkfifo((*this / name).c_str(), 0644)); }
  void unlink(std::string_view name) { check(::unlink((*this / name).c_str())); }

  void file(std::string_view name, std::string_view content, int64_t modified_s = kModified) {
    TempDir::file(name, content);
    timespec time = {static_cast<time_t>(modified_s), 0};
    timespec times[2] = {time, time};
    check(utimensat(AT_FDCWD, (*this / name).c_str(), times, 0));
  }

  static constexpr int64_t kModified = 1704164645;  // Tue, 02 Jan 2024 03:04:05 GMT

 private:
  static void check(int outcome) {
    if (outcome < 0) abort();
  }
};
