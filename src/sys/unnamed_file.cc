#include "sys/unnamed_file.h"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>
#include <string>

#include "base/number.h"
#include "sys/kernel.h"
#include "sys/random.h"
#include "sys/retry.h"

namespace oklo::sys {

namespace {

constexpr int kAttemptsMax = 4;
constexpr mode_t kMine = 0600;
constexpr unsigned kRights = 0777;
constexpr uint64_t kCopyBytesMax = 1 << 30;  // in one call

// A file that was not there before.
long create_new(const char* path, int access, Fd& out) {
  int flags = access | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY;
  long fd = retry([&] { return kernel::open(path, flags, kMine); });
  if (fd < 0) return fd;
  out.reset(static_cast<int>(fd));
  return 0;
}

long create_and_unlink(const char* directory, Fd& out) {
  std::string path;
  long result = -EEXIST;
  for (int i = 0; i < kAttemptsMax && result == -EEXIST; i++) {
    path.assign(directory).append("/.oklo-").append(decimal(random_key()[0]));
    result = create_new(path.c_str(), O_RDWR, out);
  }
  return result < 0 ? result : kernel::unlink(path.c_str());
}

// A new file that `fill` writes, complete or not there at all. What some file systems could not write they
// tell at the end only (close(2)).
template <class Fill>
long create_filled(const char* path, unsigned mode, Fill fill) {
  Fd file;
  long result = create_new(path, O_WRONLY, file);
  if (result < 0) return result;
  result = fill(file.get());
  if (result >= 0) result = kernel::fchmod(file.get(), mode & kRights);
  long closed = kernel::close(file.release());
  if (result >= 0 && closed != -EINTR) result = closed;
  if (result < 0) kernel::unlink(path);
  return result;
}

long copy(int from, uint64_t size, int to) {
  off_t at = 0;
  while (static_cast<uint64_t>(at) < size) {
    size_t count = static_cast<size_t>(std::min(size - static_cast<uint64_t>(at), kCopyBytesMax));
    long copied = retry([&] { return kernel::sendfile(to, from, &at, count); });
    if (copied <= 0) return copied < 0 ? copied : -EIO;
  }
  return 0;
}

// This may fail for many reasons: another file system, no /proc, a file that had a name. A copy then fails
// only where the path itself is at fault. What was saved before keeps its own rights and content.
long link_unnamed(int fd, const char* path, unsigned mode) {
  struct stat info = {};
  long result = kernel::fstat(fd, &info);
  if (result >= 0 && info.st_nlink > 0) return -EMLINK;
  if (result >= 0) result = kernel::fchmod(fd, mode & kRights);
  if (result < 0) return result;
  std::string self = "/proc/self/fd/" + decimal(static_cast<uint64_t>(fd));
  return kernel::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

}  // namespace

long open_unnamed(const char* directory, Fd& out) {
  long fd = retry([&] { return kernel::open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, kMine); });
  if (fd == -EISDIR || fd == -EOPNOTSUPP || fd == -EINVAL) return create_and_unlink(directory, out);
  if (fd < 0) return fd;
  out.reset(static_cast<int>(fd));
  return 0;
}

long write_at(int fd, std::string_view bytes, uint64_t offset) {
  while (!bytes.empty()) {
    auto place = static_cast<off_t>(offset);
    long written = retry([&] { return kernel::pwrite(fd, bytes.data(), bytes.size(), place); });
    if (written <= 0) return written < 0 ? written : -EIO;
    bytes.remove_prefix(static_cast<size_t>(written));
    offset += static_cast<uint64_t>(written);
  }
  return 0;
}

long save_unnamed(int fd, uint64_t size, const char* path, unsigned mode) {
  long result = link_unnamed(fd, path, mode);
  if (result >= 0 || result == -EEXIST) return result;
  return create_filled(path, mode, [&](int to) { return copy(fd, size, to); });
}

long save_bytes(std::string_view bytes, const char* path, unsigned mode) {
  return create_filled(path, mode, [&](int to) { return write_at(to, bytes, 0); });
}

}  // namespace oklo::sys
