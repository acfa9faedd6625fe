#include "net/sync_socket.h"

#include <errno.h>

#include <algorithm>

#include "sys/outgoing.h"
#include "sys/socket.h"
#include "sys/time.h"
#include "sys/waiting.h"

namespace oklo {

long SyncSocket::connect(const sys::Address& to, uint64_t until_ms) {
  long result = sys::begin_connect(to, sys::ConnectOptions(), socket_);
  // Nobody tells when the queue of a unix socket has room (connect(2), EAGAIN).
  while (result == -EAGAIN && to.is_unix()) {
    uint64_t now_ms = sys::monotonic_ms();
    if (now_ms >= until_ms) result = -ETIMEDOUT;
    else sys::wait_until(std::min(until_ms, now_ms + kRetryMs));
    if (result == -EAGAIN) result = sys::begin_connect(to, sys::ConnectOptions(), socket_);
  }
  if (result == -EINPROGRESS) result = sys::wait_writable(socket_.get(), until_ms);
  if (result >= 0) result = sys::connect_outcome(socket_.get(), to);
  if (result < 0) close();
  return result;
}

long SyncSocket::connect_packets(const sys::Address& to) { return sys::connect_packets(to, socket_); }

long SyncSocket::send(std::string_view bytes, uint64_t until_ms) {
  do {
    long result = sys::send_bytes(socket_.get(), bytes.data(), bytes.size());
    if (result >= 0) bytes.remove_prefix(static_cast<size_t>(result));
    else if (sys::try_later(result)) result = sys::wait_writable(socket_.get(), until_ms);
    if (result < 0) return result;
  } while (!bytes.empty());
  return 0;
}

long SyncSocket::receive(char* out, size_t size, uint64_t until_ms) {
  for (;;) {
    long result = sys::receive(socket_.get(), out, size);
    if (!sys::try_later(result)) return result;
    result = sys::wait_readable(socket_.get(), until_ms);
    if (result < 0) return result;
  }
}

void SyncSocket::shutdown_send() { sys::shutdown_write(socket_.get()); }

}  // namespace oklo
