#include "sys/pipe.h"

#include <fcntl.h>

#include <algorithm>

#include "sys/kernel.h"
#include "sys/retry.h"

namespace oklo::sys {

namespace {

Fd open_end(const std::string& path, int flags) {
  return Fd(static_cast<int>(retry([&] { return kernel::open(path.c_str(), flags | O_CLOEXEC, 0); })));
}

}  // namespace

Result<Pipe> Pipe::create() {
  int ends[2] = {-1, -1};
  long result = kernel::pipe2(ends, O_CLOEXEC);
  if (result < 0) return system_error(static_cast<int>(-result), "cannot make a pipe");
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

// To open one end waits for the other, but not as long as both are open already (fifo(7)).
Result<Pipe> Pipe::create_fifo(const std::string& path) {
  long result = kernel::mkfifo(path.c_str(), 0600);
  if (result < 0) return system_error(static_cast<int>(-result), "cannot make the fifo " + path);
  Fd both = open_end(path, O_RDWR);
  Pipe pipe;
  if (both) pipe = {open_end(path, O_RDONLY), open_end(path, O_WRONLY)};
  kernel::unlink(path.c_str());
  // What failed is a negative errno number, or the -1 of what was not tried then.
  int failed = std::min({both.get(), pipe.reading.get(), pipe.writing.get()});
  if (failed < 0) return system_error(-failed, "cannot open the fifo " + path);
  return pipe;
}

long read_bytes(int fd, void* out, size_t size) {
  return retry([&] { return kernel::read(fd, out, size); });
}

long write_bytes(int fd, const void* data, size_t size) {
  return retry([&] { return kernel::write(fd, data, size); });
}

}  // namespace oklo::sys
