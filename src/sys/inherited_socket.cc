#include "sys/inherited_socket.h"

#include <fcntl.h>
#include <netinet/tcp.h>

#include <string>

#include "base/number.h"
#include "sys/kernel.h"

namespace oklo::sys {

namespace {

// The value of an option of SOL_SOCKET; -1 of what is no socket.
int socket_option(int fd, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  return kernel::getsockopt(fd, SOL_SOCKET, name, &value, &length) < 0 ? -1 : value;
}

// What is wrong with it, or nullptr.
const char* fault_of(int fd) {
  int domain = socket_option(fd, SO_DOMAIN);
  int type = socket_option(fd, SO_TYPE);
  if (type < 0) return "is no socket";
  if (domain != AF_INET && domain != AF_INET6 && domain != AF_UNIX)
    return "is a socket of another kind";
  if (type != SOCK_STREAM && type != SOCK_DGRAM) return "is neither for streams nor for datagrams";
  if (type == SOCK_STREAM && socket_option(fd, SO_ACCEPTCONN) != 1)
    return "does not listen: a connection cannot be served (Accept=yes of systemd.socket(5))";
  return nullptr;
}

void set(int fd, int level, int name, int value) {
  kernel::setsockopt(fd, level, name, &value, sizeof value);
}

}  // namespace

Result<InheritedSocket> inherit_socket(int number) {
  long flags = kernel::fcntl(number, F_GETFL, 0);
  if (flags < 0) return Error{0, "fd " + decimal(static_cast<uint64_t>(number)) + " is not open"};
  kernel::fcntl(number, F_SETFD, FD_CLOEXEC);
  kernel::fcntl(number, F_SETFL, flags | O_NONBLOCK);
  if (const char* fault = fault_of(number))
    return Error{0, "fd " + decimal(static_cast<uint64_t>(number)) + " " + fault};
  Result<Address> address = local_address(number);
  if (!address) return address.error();
  return InheritedSocket{*address, socket_option(number, SO_TYPE) == SOCK_DGRAM};
}

void set_inherited_options(int fd, const InheritedSocket& socket, const ListenOptions& options) {
  int family = socket.address.family();
  if (socket.datagram && options.receive_buffer_bytes > 0)
    set(fd, SOL_SOCKET, SO_RCVBUF, options.receive_buffer_bytes);
  if (family == AF_UNIX) return;
  if (socket.datagram && family == AF_INET) return set(fd, IPPROTO_IP, IP_PKTINFO, 1);
  if (socket.datagram) return set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  set(fd, IPPROTO_TCP, TCP_NODELAY, options.nodelay);
  set(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, options.defer_accept);
  if (options.keepalive_s <= 0) return;
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(fd, IPPROTO_TCP, TCP_KEEPIDLE, options.keepalive_s);
}

}  // namespace oklo::sys
