#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "sys/address.h"
#include "sys/fd.h"

namespace oklo::sys {

struct ListenOptions {
  int backlog = 4096;
  bool reuse_port = false;       // set before bind: joins others of the same address
  bool defer_accept = false;     // TCP_DEFER_ACCEPT: wake up when there is a first byte
  bool nodelay = true;           // TCP_NODELAY of what is accepted
  int keepalive_s = 0;           // SO_KEEPALIVE and TCP_KEEPIDLE of what is accepted; 0: none
  bool datagram = false;         // UDP or unix datagrams, which are not listened for
  int receive_buffer_bytes = 0;  // SO_RCVBUF of datagrams; 0: as the kernel is set
  mode_t unix_rights = 0600;     // of a unix path, whatever the umask is; who may write connects (unix(7))
};

// A non-blocking, close-on-exec socket that is bound and, but for datagrams, listens: with SO_REUSEADDR for
// TCP and, for "[::]", IPV6_V6ONLY off. A socket of datagrams tells at which address each came (IP_PKTINFO).
// A unix path that no one listens on any more is replaced, one that is in use is not.
Result<Fd> listen_on(const Address& address, const ListenOptions& options);

// Sets SO_REUSEPORT on a socket that is bound already, so that others may join its address. It must
// happen between bind and listen, so listen_first does all three: binding without SO_REUSEPORT makes
// an address that is in use an error and not a silent half share.
Result<Fd> listen_first(const Address& address, const ListenOptions& options);

// Gives a listening socket the options that may change while it listens: those of what it accepts from now
// on, the backlog, the buffer.
void set_listen_options(int fd, const Address& address, const ListenOptions& options);

Result<Address> local_address(int fd);

// The accept queue of a listening TCP socket: how many finished connections wait there, and how many may
// (tcpi_unacked and tcpi_sacked, tcp(7)). Zeros where the kernel does not tell, as of unix sockets.
struct AcceptQueue {
  uint32_t length = 0;
  uint32_t limit = 0;
};
AcceptQueue accept_queue(int fd);

// What waits in the kernel to be taken by the peer of a connection, with what it costs there
// (SK_MEMINFO_WMEM_QUEUED); 0 where the kernel does not tell.
uint32_t send_queue_bytes(int fd);

// A blocking, close-on-exec stream socket connected to `address`.
Result<Fd> connect_to(const Address& address);

struct ConnectOptions {
  bool nodelay = true;   // TCP_NODELAY
  int keepalive_s = 0;   // SO_KEEPALIVE and TCP_KEEPIDLE; 0: none
};

// Puts a non-blocking, close-on-exec stream socket into `out` that connects to `address`. 0: it is connected.
// -EINPROGRESS: it becomes writable when connect_outcome knows more. -EAGAIN of a unix socket: its queue is
// full, to be tried again later. Else a negative errno number.
[[nodiscard]] long begin_connect(const Address& address, const ConnectOptions& options, Fd& out);

// What became of it: 0, or a negative errno number (SO_ERROR, connect(2)).
[[nodiscard]] long connect_outcome(int fd, const Address& address);

// Each answers zero or more, or a negative errno number, as kernel.h does. After EINTR it is tried again; but
// for receive and send_bytes, whose callers will come back as after EAGAIN: try_later knows both.
[[nodiscard]] long receive(int fd, void* out, size_t size);
[[nodiscard]] long send_bytes(int fd, const void* data, size_t size);
bool try_later(long result);
[[nodiscard]] long accept_connection(int listener, Address& peer);
[[nodiscard]] long send_parts(int fd, const iovec* parts, size_t count, bool more);
[[nodiscard]] long send_file(int socket, int file, uint64_t& offset, size_t count);

void shutdown_write(int fd);

// Drops what has come and was not read, up to 1 MiB; never waits.
void discard_received(int fd);

// A close that sends RST instead of FIN: SO_LINGER with zero seconds, socket(7).
void reset_on_close(int fd);

// The uid of the process at the other end of a unix stream socket (SO_PEERCRED, unix(7)).
Result<uid_t> peer_uid(int fd);

}  // namespace oklo::sys
