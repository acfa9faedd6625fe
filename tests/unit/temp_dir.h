#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <string_view>

// A fresh directory that is removed with all it holds. Names given to it are relative to it.
class TempDir {
 public:
  TempDir() {
    char name[] = "/tmp/oklo-test-XXXXXX";
    if (!mkdtemp(name)) abort();
    path_ = name;
  }
  ~TempDir() {
    nftw(path_.c_str(), [](const char* at, const struct stat*, int, FTW*) { return remove(at); }, 16,
         FTW_DEPTH | FTW_PHYS);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

  void file(std::string_view name, std::string_view content) const {
    int fd = open((*this / name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, content.data(), content.size()) != static_cast<ssize_t>(content.size())) abort();
    close(fd);
  }
  void directory(std::string_view name) const {
    if (mkdir((*this / name).c_str(), 0755) != 0) abort();
  }
  void link(std::string_view name, const char* target) const {
    if (symlink(target, (*this / name).c_str()) != 0) abort();
  }

 private:
  std::string path_;
};
