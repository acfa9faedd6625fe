#include "sys/outgoing.h"

#include <arpa/inet.h>
#include <errno.h>

#include <string>

#include "sys/kernel.h"
#include "sys/retry.h"

namespace oklo::sys {

namespace {

long connect_socket(const Address& to, int type, Fd& out) {
  long fd = kernel::socket(to.family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fd;
  out.reset(static_cast<int>(fd));
  long result = retry([&] { return kernel::connect(out.get(), to.data(), to.size()); });
  if (result < 0 && result != -EINPROGRESS) out.reset();
  return result;
}

}  // namespace

long connect_packets(const Address& to, Fd& out) {
  long result = connect_socket(to, SOCK_DGRAM, out);
  if (result < 0 || !to.is_unix()) return result;
  sa_family_t nameless = AF_UNIX;
  result = kernel::bind(out.get(), reinterpret_cast<sockaddr*>(&nameless), sizeof nameless);
  if (result < 0) out.reset();
  return result;
}

long begin_connect(const Address& to, Fd& out) {
  long result = connect_socket(to, SOCK_STREAM, out);
  return result == -EINPROGRESS ? 0 : result;
}

long connect_outcome(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  long result = kernel::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  return result < 0 ? result : -error;
}

// What says nothing of the way, as a lack of fds, is no reason to doubt it.
bool has_way_to(const Address& to) {
  Address any_port = to;
  any_port.set_port(53);
  Fd probe;
  long result = connect_packets(any_port, probe);
  return result >= 0 || result == -EMFILE || result == -ENFILE || result == -ENOMEM || result == -ENOBUFS;
}

std::optional<Address> numeric_address(std::string_view text, uint16_t port) {
  std::string copy(text);
  if (copy.find('\0') != copy.npos) return std::nullopt;
  sockaddr_in v4 = {};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  if (inet_pton(AF_INET, copy.c_str(), &v4.sin_addr) == 1)
    return Address(reinterpret_cast<sockaddr*>(&v4), sizeof v4);
  sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  if (inet_pton(AF_INET6, copy.c_str(), &v6.sin6_addr) == 1)
    return Address(reinterpret_cast<sockaddr*>(&v6), sizeof v6);
  return std::nullopt;
}

}  // namespace oklo::sys
