#include "sys/file.h"

#include <climits>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "base/number.h"
#include "sys/kernel.h"
#include "sys/retry.h"
#include "sys/walk_beneath.h"

namespace oklo::sys {

namespace {

// From <linux/openat2.h>, which older kernel headers lack.
constexpr unsigned long long kNoMagicLinks = 0x02;
constexpr unsigned long long kBeneath = 0x08;
constexpr int kAttemptsMax = 4;

std::atomic<bool> openat2_is_missing = false;

// openat2 answers EAGAIN when something was renamed while it resolved a "..".
long openat2_beneath(int dir, const char* path, int flags, Fd& out) {
  long fd = -EAGAIN;
  for (int i = 0; i < kAttemptsMax && fd == -EAGAIN; i++)
    fd = retry([&] { return kernel::openat2(dir, path, flags | O_CLOEXEC, kBeneath | kNoMagicLinks); });
  if (fd < 0) return fd;
  out.reset(static_cast<int>(fd));
  return 0;
}

// The walk is right where openat2 is missing (ENOSYS, which holds for all files), where a filter of system
// calls does not know it (EPERM, which the file itself may answer too), and where renames never cease.
long open_path(int dir, const char* path, int flags, Fd& out) {
  out.reset();
  if (*path == '\0') path = ".";
  long result = -ENOSYS;
  if (!openat2_is_missing.load(std::memory_order_relaxed)) {
    result = openat2_beneath(dir, path, flags, out);
    if (result == -ENOSYS) openat2_is_missing.store(true, std::memory_order_relaxed);
  }
  bool walk = result == -ENOSYS || result == -EPERM || result == -EAGAIN;
  return walk ? walk_beneath(dir, path, flags, out) : result;
}

FileInfo info_of(const struct stat& info) {
  FileInfo out;
  if (S_ISREG(info.st_mode)) out.kind = FileInfo::Kind::regular;
  if (S_ISDIR(info.st_mode)) out.kind = FileInfo::Kind::directory;
  out.size = static_cast<uint64_t>(info.st_size);
  out.modified_s = info.st_mtim.tv_sec;
  out.modified_ns = static_cast<uint32_t>(info.st_mtim.tv_nsec);
  out.inode = info.st_ino;
  out.device = info.st_dev;
  return out;
}

// What a link that leads out or nowhere is, is not told: the entry stays of kind `other`.
long entry_info(int dir, const char* name, FileInfo& out) {
  struct stat info = {};
  long result = kernel::fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW);
  if (result < 0) return result;
  Fd target;
  if (S_ISLNK(info.st_mode) && open_path(dir, name, O_PATH, target) >= 0) return file_info(target.get(), out);
  out = info_of(info);
  return 0;
}

// A file that is removed between the two calls is left out.
void add_entry(int dir, const char* name, std::vector<DirectoryEntry>& out) {
  DirectoryEntry entry;
  if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) return;
  if (entry_info(dir, name, entry.info) < 0) return;
  entry.name = name;
  out.push_back(std::move(entry));
}

// Calls `visit` with the name of each entry that the kernel gives in one go; its answer.
template <class Visit>
long visit_names(int dir, Visit visit) {
  alignas(dirent64) char buffer[8192];
  long size = retry([&] { return kernel::getdents64(dir, buffer, sizeof buffer); });
  for (long at = 0; at < size;) {
    const dirent64* entry = reinterpret_cast<const dirent64*>(buffer + at);
    visit(entry->d_name);
    at += entry->d_reclen;
  }
  return size;
}

long open_file(const std::string& path, int flags, mode_t mode) {
  return retry([&] { return kernel::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, mode); });
}

Result<Fd> opened(long fd, std::string_view what, const std::string& path) {
  if (fd >= 0) return Fd(static_cast<int>(fd));
  return system_error(static_cast<int>(-fd), std::string(what) + ' ' + path);
}

// Reads until the end of the file or one byte more than `size_max`.
long read_all(int fd, size_t size_max, std::string& out) {
  char buffer[4096];
  for (;;) {
    size_t room = std::min(sizeof buffer, size_max + 1 - out.size());
    if (room == 0) return -EFBIG;
    long size = retry([&] { return kernel::read(fd, buffer, room); });
    if (size <= 0) return size;
    out.append(buffer, static_cast<size_t>(size));
  }
}

std::vector<int> numbers_of(int dir) {
  std::vector<int> numbers;
  long size = 1;
  while (size > 0)
    size = visit_names(dir, [&](const char* name) {
      if (std::optional<uint64_t> number = parse_decimal(name)) numbers.push_back(static_cast<int>(*number));
    });
  return numbers;
}

}  // namespace

long file_info(int fd, FileInfo& out) {
  struct stat info = {};
  long result = kernel::fstat(fd, &info);
  if (result >= 0) out = info_of(info);
  return result;
}

long open_beneath(int dir, const char* path, Fd& out) {
  return open_path(dir, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, out);
}

long open_to_read(const char* path, Fd& out) {
  long fd = retry([&] { return kernel::open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0); });
  if (fd >= 0) out.reset(static_cast<int>(fd));
  return fd;
}

long duplicate(int fd, Fd& out) {
  long copy = kernel::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy >= 0) out.reset(static_cast<int>(copy));
  return copy;
}

Result<Fd> open_directory(const std::string& path) {
  // Behind the slash, the right to search it is asked for, without which none of its files can be opened.
  return opened(open_file(path + "/.", O_PATH | O_DIRECTORY, 0), "cannot open the directory", path);
}

Result<Fd> open_log(const std::string& path) {
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK;
  return opened(open_file(path, kFlags, 0640), "cannot open the log", path);
}

long read_at(int fd, void* out, size_t size, uint64_t offset) {
  return retry([&] { return kernel::pread(fd, out, size, static_cast<off_t>(offset)); });
}

Result<std::string> read_file(const std::string& path, size_t size_max) {
  Result<Fd> fd = opened(open_file(path, O_RDONLY, 0), "cannot open", path);
  if (!fd) return std::move(fd).error();
  std::string content;
  long result = read_all(fd->get(), size_max, content);
  if (result < 0) return system_error(static_cast<int>(-result), "cannot read " + path);
  return content;
}

Result<std::vector<DirectoryEntry>> list_directory(int fd, size_t count_max) {
  std::vector<DirectoryEntry> entries;
  long size = 1;
  while (size > 0 && entries.size() < count_max)
    size = visit_names(fd, [&](const char* name) {
      if (entries.size() < count_max) add_entry(fd, name, entries);
    });
  if (size < 0) return system_error(static_cast<int>(-size), "cannot list a directory");
  return entries;
}

std::vector<int> numbers_in(const std::string& directory) {
  Fd dir(static_cast<int>(open_file(directory, O_RDONLY | O_DIRECTORY, 0)));
  return dir ? numbers_of(dir.get()) : std::vector<int>();
}

std::vector<int> open_fds() {
  Fd dir(static_cast<int>(open_file("/proc/self/fd", O_RDONLY | O_DIRECTORY, 0)));
  std::vector<int> numbers = dir ? numbers_of(dir.get()) : std::vector<int>();
  std::erase(numbers, dir.get());
  return numbers;
}

void remove_file(const char* path) { kernel::unlink(path); }

std::string program_path() {
  char path[PATH_MAX];
  long size = kernel::readlinkat(AT_FDCWD, "/proc/self/exe", path, sizeof path);
  return size > 0 ? std::string(path, static_cast<size_t>(size)) : "/usr/local/bin/oklo";
}

std::string absolute_path(const std::string& path) {
  char directory[PATH_MAX];
  if (path.starts_with('/') || kernel::getcwd(directory, sizeof directory) < 0) return path;
  return std::string(directory) + '/' + path;
}

}  // namespace oklo::sys
