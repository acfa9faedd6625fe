#include "sys/memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "sys/file.h"
#include "sys/kernel.h"
#include "sys/retry.h"
#include "sys/unnamed_file.h"

namespace oklo::sys {

Result<MemoryFile> MemoryFile::create(const char* name) {
  Fd fd;
  long made = kernel::memfd_create(name, MFD_CLOEXEC);
  if (made >= 0) fd.reset(static_cast<int>(made));
  else if (made == -ENOSYS && (made = open_unnamed("/dev/shm", fd)) < 0) made = open_unnamed("/tmp", fd);
  if (made < 0) return system_error(static_cast<int>(-made), "cannot make a memory file");
  return MemoryFile(std::move(fd));
}

long MemoryFile::write(std::string_view bytes, uint64_t offset) const {
  return write_at(fd_.get(), bytes, offset);
}

long MemoryFile::read(char* out, size_t size, uint64_t offset) const {
  for (size_t have = 0; have < size;) {
    long got = read_at(fd_.get(), out + have, size - have, offset + have);
    if (got <= 0) return got < 0 ? got : -EIO;
    have += static_cast<size_t>(got);
  }
  return 0;
}

void MemoryFile::give_back(uint64_t offset, uint64_t size) const {
  constexpr int kHole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  retry([&] {
    return kernel::fallocate(fd_.get(), kHole, static_cast<off_t>(offset), static_cast<off_t>(size));
  });
}

}  // namespace oklo::sys
