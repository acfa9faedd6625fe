#include "sys/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "base/number.h"
#include "sys/kernel.h"
#include "sys/retry.h"

namespace oklo::sys {

namespace {

long open_pid_file(const std::string& path, Fd& out) {
  constexpr int kFlags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  long fd = retry([&] { return kernel::open(path.c_str(), kFlags, 0644); });
  if (fd >= 0) out.reset(static_cast<int>(fd));
  return fd;
}

// What stands at its beginning, as much as a pid may take.
std::string read_line(int fd) {
  char text[24];
  long size = retry([&] { return kernel::pread(fd, text, sizeof text, 0); });
  std::string line(text, size > 0 ? static_cast<size_t>(size) : 0);
  if (line.ends_with('\n')) line.pop_back();
  return line;
}

// The pid that the file holds; 0 when it holds none.
uint64_t read_pid(int fd) { return parse_decimal(read_line(fd)).value_or(0); }

// A file that was named by mistake is not to be overwritten.
bool holds_something_else(int fd) { return !read_line(fd).empty() && read_pid(fd) == 0; }

// Between open and flock the last owner may have removed the file: then the lock is of no file.
bool is_at(const std::string& path, int fd) {
  struct stat here = {}, there = {};
  if (kernel::fstat(fd, &here) < 0) return false;
  if (kernel::fstatat(AT_FDCWD, path.c_str(), &there, AT_SYMLINK_NOFOLLOW) < 0) return false;
  return here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

long lock_file(const std::string& path, Fd& out) {
  for (int attempt = 0; attempt < 10; attempt++) {
    if (long failed = open_pid_file(path, out); failed < 0) return failed;
    long result = retry([&] { return kernel::flock(out.get(), LOCK_EX | LOCK_NB); });
    if (result < 0 || is_at(path, out.get())) return result;
  }
  return -EAGAIN;
}

long write_pid(int fd) {
  std::string line = decimal(static_cast<uint64_t>(kernel::getpid())) + '\n';
  long result = kernel::ftruncate(fd, 0);
  if (result >= 0) result = retry([&] { return kernel::write(fd, line.data(), line.size()); });
  return result < 0 || result == static_cast<long>(line.size()) ? result : -ENOSPC;
}

Error locked(const std::string& path, int fd) {
  uint64_t pid = fd >= 0 ? read_pid(fd) : 0;
  return {EAGAIN, "the pid file " + path + " is held by process " + (pid ? decimal(pid) : "(unknown)")};
}

}  // namespace

Result<PidFile> PidFile::create(const std::string& path) {
  Fd fd;
  long result = lock_file(path, fd);
  if (result == -EAGAIN) return locked(path, fd.get());
  if (result >= 0 && holds_something_else(fd.get()))
    return Error{0, "the pid file " + path + " is none: it holds something else than a pid"};
  if (result >= 0) result = write_pid(fd.get());
  if (result < 0) return system_error(static_cast<int>(-result), "cannot write the pid file " + path);
  return PidFile(std::move(fd), path);
}

void PidFile::remove() {
  if (!fd_ || read_pid(fd_.get()) != static_cast<uint64_t>(kernel::getpid())) return;
  kernel::unlink(path_.c_str());
  fd_.reset();
}

}  // namespace oklo::sys
