#include "sys/file_part.h"

#include <algorithm>

#include "sys/file.h"

namespace oklo::sys {

namespace {

bool clip(uint64_t offset, uint64_t size, FilePart& out) {
  FileInfo info;
  if (file_info(out.file.get(), info) < 0 || info.kind != FileInfo::Kind::regular) return false;
  if (offset > info.size) return false;
  out.offset = offset;
  out.size = std::min(size, info.size - offset);
  return true;
}

}  // namespace

// The kernel would take a path only up to its first NUL.
bool open_part(const std::string& path, uint64_t offset, uint64_t size, FilePart& out) {
  if (path.find('\0') != path.npos) return false;
  return open_to_read(path.c_str(), out.file) >= 0 && clip(offset, size, out);
}

bool open_part(int fd, uint64_t offset, uint64_t size, FilePart& out) {
  return duplicate(fd, out.file) >= 0 && clip(offset, size, out);
}

}  // namespace oklo::sys
