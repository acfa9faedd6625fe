#pragma once

#include <cstdint>
#include <string_view>

namespace oklo {

// The name of a connection in all processes of a service, whoever owns it. It is never given to another
// connection as long as the service runs (but for a wrap after 2^31 connections in one row).
struct ConnectionId {
  uint32_t row = 0;
  uint32_t generation = 0;  // 0: no connection

  explicit operator bool() const { return generation != 0; }
  friend bool operator==(const ConnectionId&, const ConnectionId&) = default;
};

// What follows reaches a raw stream, of a service or a client, or a WebSocket by its id, whichever worker
// owns it, also one of an earlier generation that still drains; from any worker, process (Server::process),
// task worker or callback in the master. It never waits, and what one process sends arrives in the order in
// which it was sent. True does not say that it arrived: the connection may end meanwhile, and a worker that
// is stopped or far too slow may miss what others send to its connections. That is counted in the status
// (broadcasts_missed) and told in the error log. No handler is called before these return.

// Sends a copy of the bytes: to a stream as they are, to a WebSocket as a text, which must be UTF-8, or as
// bytes. False when there is no such connection any more, when one of this worker does not take it (its
// queue is full), or when one of another worker would get more than Room::kMessageBytesMax at once, 255 KiB.
bool send_to(ConnectionId connection, std::string_view text);
bool send_binary_to(ConnectionId connection, std::string_view bytes);

// Closes it when all that was sent has gone out, as Connection::close and WebSocket::close do. False when
// there is no such connection any more.
bool close_connection(ConnectionId connection);

// Whether there is such a connection. Those of a worker that died are gone when Server::on_worker_error is
// called, and until then they may count as there.
bool is_open(ConnectionId connection);

}  // namespace oklo
