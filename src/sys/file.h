#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sys/fd.h"

namespace oklo::sys {

struct FileInfo {
  enum class Kind { regular, directory, other };
  Kind kind = Kind::other;
  uint64_t size = 0;
  int64_t modified_s = 0;
  uint32_t modified_ns = 0;
  uint64_t inode = 0;
  uint64_t device = 0;
};

// Each answers 0 or an fd, or a negative errno number.
[[nodiscard]] long file_info(int fd, FileInfo& out);

// Opens a path for reading that lies beneath the directory `dir`: no "..", no absolute path and no
// symbolic link leads out of it (openat2(2), RESOLVE_BENEATH). Where the kernel lacks openat2, the path
// is walked name by name with the same outcome. Never blocks on a fifo (O_NONBLOCK). "" is the directory
// itself; what leads out is -EXDEV. After a failure `out` is empty.
[[nodiscard]] long open_beneath(int dir, const char* path, Fd& out);

// Opens a path for reading, whatever it is; never blocks on a fifo.
[[nodiscard]] long open_to_read(const char* path, Fd& out);

// Another number for the same open file, close-on-exec.
[[nodiscard]] long duplicate(int fd, Fd& out);

// A directory as the root for open_beneath (O_PATH | O_DIRECTORY).
Result<Fd> open_directory(const std::string& path);

// Removes a name, if it is there.
void remove_file(const char* path);

// The path as it is from the root: a relative one is taken from the working directory.
std::string absolute_path(const std::string& path);

// Where the program of this process stands; a usual place where there is no /proc.
std::string program_path();

// Opens for appending, creates with mode 0640; non-blocking where that matters.
Result<Fd> open_log(const std::string& path);

[[nodiscard]] long read_at(int fd, void* out, size_t size, uint64_t offset);

// The whole content of a small file (at most size_max bytes).
Result<std::string> read_file(const std::string& path, size_t size_max);

struct DirectoryEntry {
  std::string name;
  FileInfo info;  // of what a symbolic link leads to, when that is beneath the directory
};
// What a directory (opened with open_beneath) holds, without "." and "..", at most `count_max`, unsorted.
Result<std::vector<DirectoryEntry>> list_directory(int fd, size_t count_max);

// The numbers among the entries of a directory of proc(5): processes, threads, fds. None where it is not.
std::vector<int> numbers_in(const std::string& directory);
// The numbers of the fds that this process has open, by /proc/self/fd; empty where there is no /proc.
std::vector<int> open_fds();

}  // namespace oklo::sys
