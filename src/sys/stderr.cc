#include "sys/stderr.h"

#include <errno.h>
#include <poll.h>

#include <climits>

#include "sys/kernel.h"
#include "sys/mutex.h"
#include "sys/retry.h"

namespace oklo::sys {

namespace {

// As many whole lines as a pipe takes in one piece, so that lines of several processes do not mix.
std::string_view first_piece(std::string_view bytes) {
  if (bytes.size() <= PIPE_BUF) return bytes;
  size_t newline = bytes.rfind('\n', PIPE_BUF - 1);
  return bytes.substr(0, newline == bytes.npos ? PIPE_BUF : newline + 1);
}

bool takes_bytes(int fd) {
  return retry([&] { return kernel::poll(fd, POLLOUT, 0); }) != 0;
}

}  // namespace

long write_without_waiting(int fd, std::string_view bytes) {
  size_t written = 0;
  while (written < bytes.size() && takes_bytes(fd)) {
    std::string_view piece = first_piece(bytes.substr(written));
    long size = retry([&] { return kernel::write(fd, piece.data(), piece.size()); });
    if (size == -EAGAIN) break;
    if (size < 0) return written > 0 ? static_cast<long>(written) : size;
    written += static_cast<size_t>(size);
    if (static_cast<size_t>(size) < piece.size()) break;
  }
  return static_cast<long>(written);
}

// What one thread puts there the next one closes, as the threads of the gate do when logs are opened anew.
long replace_stderr(int fd) {
  static Mutex one_at_a_time;
  Mutex::Hold hold(one_at_a_time);
  return retry([&] { return kernel::dup2(fd, 2); });
}

bool print(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    long size = kernel::write(fd, bytes.data(), bytes.size());
    if (size > 0) bytes.remove_prefix(static_cast<size_t>(size));
    else if (size == -EAGAIN) kernel::poll(fd, POLLOUT, -1);
    else if (size != -EINTR) return false;
  }
  return true;
}

}  // namespace oklo::sys
