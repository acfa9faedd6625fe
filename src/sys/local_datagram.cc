#include "sys/local_datagram.h"

#include <errno.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>

#include "sys/kernel.h"
#include "sys/retry.h"

namespace oklo::sys {

namespace {

// The length of the address; 0 when the place is none. That of an abstract name counts its bytes alone, that
// of a path a zero behind it.
socklen_t make_address(std::string_view place, sockaddr_un& out) {
  bool abstract = place.starts_with('@');
  if (!abstract && !place.starts_with('/')) return 0;
  if (place.size() >= sizeof out.sun_path || place.find('\0') != place.npos) return 0;
  out = {};
  out.sun_family = AF_UNIX;
  std::copy(place.begin(), place.end(), out.sun_path);
  if (abstract) out.sun_path[0] = '\0';
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + place.size() + (abstract ? 0 : 1));
}

long open_socket(Fd& out) {
  long fd = kernel::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0) out.reset(static_cast<int>(fd));
  return fd;
}

}  // namespace

Result<Fd> open_local_datagrams() {
  Fd fd;
  long opened = open_socket(fd);
  if (opened < 0) return system_error(static_cast<int>(-opened), "cannot make a socket");
  return fd;
}

long connect_local(int fd, std::string_view place) {
  sockaddr_un address;
  socklen_t length = make_address(place, address);
  if (length == 0) return -EINVAL;
  return retry([&] { return kernel::connect(fd, reinterpret_cast<sockaddr*>(&address), length); });
}

bool has_lost_peer(int fd) {
  sockaddr_un address;
  socklen_t length = sizeof address;
  return kernel::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &length) == -ENOTCONN;
}

long send_to_local(std::string_view place, std::string_view bytes) {
  Fd fd;
  if (long failed = open_socket(fd); failed < 0) return failed;
  if (long failed = connect_local(fd.get(), place); failed < 0) return failed;
  long size = retry([&] { return kernel::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); });
  return std::min(size, 0l);
}

}  // namespace oklo::sys
