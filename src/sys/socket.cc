#include "sys/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <climits>
#include <initializer_list>

#include "sys/kernel.h"
#include "sys/retry.h"

namespace oklo::sys {

namespace {

long set_option(int fd, int level, int name, int value) {
  return kernel::setsockopt(fd, level, name, &value, sizeof value);
}

long open_socket(int family, int type, Fd& out) {
  long fd = kernel::socket(family, type | SOCK_CLOEXEC, 0);
  if (fd < 0) return fd;
  out.reset(static_cast<int>(fd));
  return 0;
}

struct Option {
  int level, name;
  bool wanted;
  int value;
};

long set_options(int fd, std::initializer_list<Option> list) {
  for (const Option& option : list) {
    if (!option.wanted) continue;
    if (long failed = set_option(fd, option.level, option.name, option.value); failed < 0) return failed;
  }
  return 0;
}

long set_tcp_options(int fd, const Address& address, const ListenOptions& options) {
  return set_options(fd, {{SOL_SOCKET, SO_REUSEADDR, true, 1},
                          {IPPROTO_TCP, TCP_NODELAY, options.nodelay, 1},
                          {SOL_SOCKET, SO_KEEPALIVE, options.keepalive_s > 0, 1},
                          {IPPROTO_TCP, TCP_KEEPIDLE, options.keepalive_s > 0, options.keepalive_s},
                          {IPPROTO_IPV6, IPV6_V6ONLY, address.family() == AF_INET6, 0},
                          {IPPROTO_TCP, TCP_DEFER_ACCEPT, options.defer_accept, 1},
                          {SOL_SOCKET, SO_REUSEPORT, options.reuse_port, 1}});
}

// Not SO_REUSEADDR: it would let anyone share the address of a UDP socket (socket(7)).
long set_datagram_options(int fd, const Address& address, const ListenOptions& options) {
  int buffer = options.receive_buffer_bytes;
  bool v6 = address.family() == AF_INET6;
  return set_options(fd, {{SOL_SOCKET, SO_RCVBUF, buffer > 0, buffer},
                          {IPPROTO_IPV6, IPV6_V6ONLY, v6, 0},
                          {IPPROTO_IPV6, IPV6_RECVPKTINFO, v6, 1},
                          {IPPROTO_IP, IP_PKTINFO, address.family() == AF_INET, 1},
                          {SOL_SOCKET, SO_REUSEPORT, options.reuse_port && !address.is_unix(), 1}});
}

// Whether the path is a socket that no process listens on: its listener died without removing it.
bool is_left_over(const Address& address) {
  struct stat info = {};
  if (kernel::fstatat(AT_FDCWD, address.path(), &info, AT_SYMLINK_NOFOLLOW) < 0) return false;
  Fd probe;
  if (!S_ISSOCK(info.st_mode) || open_socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, probe) < 0) return false;
  return kernel::connect(probe.get(), address.data(), address.size()) == -ECONNREFUSED;
}

long bind_or_replace(int fd, const Address& address) {
  long result = kernel::bind(fd, address.data(), address.size());
  if (result != -EADDRINUSE || !is_left_over(address)) return result;
  if (long failed = kernel::unlink(address.path()); failed < 0) return failed;
  return kernel::bind(fd, address.data(), address.size());
}

long bind_unix(int fd, const Address& address, mode_t rights) {
  long before = kernel::umask(~rights & 0777);
  long result = bind_or_replace(fd, address);
  kernel::umask(static_cast<mode_t>(before));
  return result;
}

long bind_socket(int fd, const Address& address, const ListenOptions& options) {
  long failed = options.datagram     ? set_datagram_options(fd, address, options)
                : address.is_unix() ? 0 : set_tcp_options(fd, address, options);
  if (failed < 0) return failed;
  if (address.is_unix()) return bind_unix(fd, address, options.unix_rights);
  return kernel::bind(fd, address.data(), address.size());
}

// Binds and listens. SO_REUSEPORT after bind is that of listen_first.
long bind_and_listen(int fd, const Address& address, const ListenOptions& options, bool reuse_after_bind) {
  if (long failed = bind_socket(fd, address, options); failed < 0) return failed;
  long result = reuse_after_bind ? set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) : 0;
  if (result >= 0 && !options.datagram) result = kernel::listen(fd, options.backlog);
  if (result < 0 && address.is_unix()) kernel::unlink(address.path());
  return result;
}

// A kernel without IPv6 has no "[::]"; all addresses are those of IPv4 then.
Address usable_form(const Address& address, long socket_result) {
  static constexpr uint8_t kAll[16] = {};
  static constexpr uint8_t kAllV4[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  bool for_all = address == Address::from_ip(kAll, address.port());
  return socket_result == -EAFNOSUPPORT && for_all ? Address::from_ip(kAllV4, address.port()) : address;
}

Result<Fd> listen_socket(const Address& wanted, const ListenOptions& options, bool reuse_after_bind) {
  Fd fd;
  int type = (options.datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK;
  long result = open_socket(wanted.family(), type, fd);
  const Address address = usable_form(wanted, result);
  if (address.family() != wanted.family()) result = open_socket(address.family(), type, fd);
  if (result >= 0) result = bind_and_listen(fd.get(), address, options, reuse_after_bind);
  if (result >= 0) return fd;
  return system_error(static_cast<int>(-result), "cannot listen on " + address.to_string());
}

}  // namespace

Result<Fd> listen_on(const Address& address, const ListenOptions& options) {
  return listen_socket(address, options, false);
}

Result<Fd> listen_first(const Address& address, const ListenOptions& options) {
  ListenOptions alone = options;
  alone.reuse_port = false;
  return listen_socket(address, alone, !address.is_unix());
}

// What fails leaves the option as it was.
void set_listen_options(int fd, const Address& address, const ListenOptions& options) {
  if (options.datagram) {
    if (options.receive_buffer_bytes > 0)
      (void)set_option(fd, SOL_SOCKET, SO_RCVBUF, options.receive_buffer_bytes);
    return;
  }
  (void)kernel::listen(fd, options.backlog);
  if (address.is_unix()) return;
  (void)set_option(fd, IPPROTO_TCP, TCP_NODELAY, options.nodelay);
  (void)set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, options.defer_accept);
  (void)set_option(fd, SOL_SOCKET, SO_KEEPALIVE, options.keepalive_s > 0);
  if (options.keepalive_s > 0) (void)set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, options.keepalive_s);
}

Result<Address> local_address(int fd) {
  sockaddr_storage storage = {};
  sockaddr* address = reinterpret_cast<sockaddr*>(&storage);
  socklen_t length = sizeof storage;
  long result = kernel::getsockname(fd, address, &length);
  if (result < 0) return system_error(static_cast<int>(-result), "cannot get the address of a socket");
  return Address(address, length);
}

AcceptQueue accept_queue(int fd) {
  tcp_info info = {};
  socklen_t length = sizeof info;
  if (kernel::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0) return {};
  return {info.tcpi_unacked, info.tcpi_sacked};
}

uint32_t send_queue_bytes(int fd) {
  uint32_t info[SK_MEMINFO_VARS] = {};
  socklen_t length = sizeof info;
  long result = kernel::getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &length);
  // A unix socket knows only what is allocated.
  return result < 0 ? 0 : std::max(info[SK_MEMINFO_WMEM_QUEUED], info[SK_MEMINFO_WMEM_ALLOC]);
}

Result<Fd> connect_to(const Address& address) {
  Fd fd;
  long result = open_socket(address.family(), SOCK_STREAM, fd);
  if (result >= 0) result = retry([&] { return kernel::connect(fd.get(), address.data(), address.size()); });
  if (result >= 0) return fd;
  return system_error(static_cast<int>(-result), "cannot connect to " + address.to_string());
}

namespace {

long set_connect_options(int fd, const Address& address, const ConnectOptions& options) {
  if (address.is_unix()) return 0;
  return set_options(fd, {{IPPROTO_TCP, TCP_NODELAY, options.nodelay, 1},
                          {SOL_SOCKET, SO_KEEPALIVE, options.keepalive_s > 0, 1},
                          {IPPROTO_TCP, TCP_KEEPIDLE, options.keepalive_s > 0, options.keepalive_s}});
}

// Where nobody listens at a port of this machine, TCP may give a client that very port, and connect it to
// itself (RFC 9293 section 3.5, a simultaneous open).
bool is_own_peer(int fd, const Address& address) {
  if (address.is_unix()) return false;
  Result<Address> local = local_address(fd);
  return local && *local == address;
}

}  // namespace

// A signal leaves the connection in progress: asked again, the kernel says so.
long begin_connect(const Address& address, const ConnectOptions& options, Fd& out) {
  long failed = open_socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK, out);
  if (failed >= 0) failed = set_connect_options(out.get(), address, options);
  if (failed < 0) return failed;
  long result = retry([&] { return kernel::connect(out.get(), address.data(), address.size()); });
  if (result == -EALREADY) return -EINPROGRESS;
  if (result == -EISCONN) result = 0;
  return result == 0 && is_own_peer(out.get(), address) ? -ECONNREFUSED : result;
}

long connect_outcome(int fd, const Address& address) {
  int error = 0;
  socklen_t length = sizeof error;
  if (long failed = kernel::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length); failed < 0) return failed;
  if (error) return -error;
  return is_own_peer(fd, address) ? -ECONNREFUSED : 0;
}

long accept_connection(int listener, Address& peer) {
  sockaddr_storage storage = {};
  sockaddr* address = reinterpret_cast<sockaddr*>(&storage);
  socklen_t length = sizeof storage;
  long fd = retry([&] { return kernel::accept4(listener, address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC); });
  if (fd >= 0) peer = Address(address, length);
  return fd;
}

long receive(int fd, void* out, size_t size) { return kernel::recv(fd, out, size, 0); }

long send_bytes(int fd, const void* data, size_t size) { return kernel::send(fd, data, size, MSG_NOSIGNAL); }

bool try_later(long result) { return result == -EAGAIN || result == -EINTR; }

long send_parts(int fd, const iovec* parts, size_t count, bool more) {
  msghdr message = {};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = std::min<size_t>(count, IOV_MAX);
  return retry([&] { return kernel::sendmsg(fd, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0)); });
}

long send_file(int socket, int file, uint64_t& offset, size_t count) {
  off_t position = static_cast<off_t>(offset);
  long result = retry([&] { return kernel::sendfile(socket, file, &position, count); });
  if (result > 0) offset += static_cast<uint64_t>(result);
  return result;
}

void shutdown_write(int fd) { kernel::shutdown(fd, SHUT_WR); }

void discard_received(int fd) {
  char bytes[4096];
  for (int left = 256; left > 0; left--)
    if (kernel::recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) <= 0) return;
}

void reset_on_close(int fd) {
  linger at_once = {1, 0};
  kernel::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

Result<uid_t> peer_uid(int fd) {
  ucred peer = {};
  socklen_t length = sizeof peer;
  long result = kernel::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length);
  if (result < 0) return system_error(static_cast<int>(-result), "cannot tell who the peer is");
  return peer.uid;
}

}  // namespace oklo::sys
