#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <oklo/close_reason.h>
#include <oklo/connection_id.h>
#include <oklo/function.h>
#include <oklo/state.h>

namespace oklo {

namespace co {
class StreamCore;
}
namespace stream {
class Link;
}

// What is known of a connection at the moment of the call.
struct ConnectionInfo {
  std::string peer;        // "192.0.2.1:5000", "[2001:db8::1]:5000", "unix"
  std::string local;       // the address the peer has connected to, "192.0.2.7:9501", "unix:/path"; of a
                           // client's connection its own end
  uint32_t open_s = 0;     // seconds since it was accepted or made
  uint32_t idle_s = 0;     // seconds since something came, or since it was accepted or made
  uint64_t bytes_in = 0;   // received
  uint64_t bytes_out = 0;  // taken by the kernel; what still waits here is not in it
  size_t queued = 0;       // bytes that wait here to be sent; files count nothing. In process mode with
                           // all that waits in this worker for the thread of the gate that has it
  unsigned listener = 0;   // which call of Server::http, tcp and udp it belongs to, from 0
  unsigned worker = 0;     // which worker owns it, from 0
};

// One connection of a raw stream service, as its handlers have it: borrowed, made anew for each call of a
// handler and gone when that returns. Keep its id and its state, not the object. Nothing that is called here
// waits: bytes leave when the turn of the Reactor ends, and what the peer does not take now is kept.
class Connection {
 public:
  // What it is called in all processes of the service, for as long as that runs.
  ConnectionId id() const;

  // Sends a copy of the bytes, behind all that was sent before. False, and nothing is sent, when it is closed
  // or its sending side is; also when more than StreamOptions::queue_bytes would wait, which ends it with
  // CloseReason::queue_full.
  bool send(std::string_view bytes);

  // Sends a part of a regular file without copying it: from `offset`, at most `size` bytes. The path is
  // opened with the rights of the worker; an open file is borrowed for the call. False when it can't be
  // opened, is no regular file or ends before `offset`, and when send would be false. A file that becomes
  // shorter meanwhile ends the connection with CloseReason::file_shrank.
  bool send_file(const std::string& path, uint64_t offset = 0, uint64_t size = kToTheEnd);
  bool send_file(int fd, uint64_t offset = 0, uint64_t size = kToTheEnd);
  static constexpr uint64_t kToTheEnd = UINT64_MAX;

  // Closes it when all that was sent has gone out. Nothing that comes is received any more; on_close follows
  // in a later turn, with CloseReason::finished.
  void close();
  // Closes it at once: what waits to be sent is lost.
  void abort();
  // Ends the sending side alone when all that was sent has gone out (the peer reads an end of file), and goes
  // on receiving. It closes when the peer ends its side, too.
  void shutdown_send();

  // Stops reading: on_receive is not called any more, what has come and comes waits. A peer that sends much
  // is held up by its own kernel.
  void pause();
  // Reads on. What is there already comes when the handler that called this has returned.
  void resume();

  // Says to which user it belongs, any number but 0: with Dispatch::user all connections of a user have the
  // same worker from its next message on. In base mode, and with the other ways of dispatching, nothing comes
  // of it.
  void bind(uint64_t user);

  // What is known of it.
  ConnectionInfo info() const;

  // Plain memory that belongs to it, zeroed when it was accepted and still there in on_close. It has at most
  // 64 bytes and takes none until it is asked for. All handlers of one service must ask for the same type.
  template <State S>
  S& state() {
    return *static_cast<S*>(state_memory());
  }

 private:
  friend class stream::Link;
  friend class co::StreamCore;
  explicit Connection(stream::Link& link) : link_(link) {}
  Connection(const Connection&) = delete;
  void* state_memory();
  void close_for(CloseReason reason);
  bool filled() const;
  stream::Link& link_;
};

// Calls the function with a connection of a raw stream service that this worker owns, from wherever: a timer,
// another connection's handler. All of Connection works there, also to close it. False, and nothing is
// called, when it is closed or another worker's: what reaches those is send_to and close_connection. In
// process mode (ServerOptions::mode) the gate owns all of them, and it works in each worker for each of them,
// as long as the gate has not heard that it is to be closed; its state() may be in the hands of another
// worker at the same time.
bool with_connection(ConnectionId id, const Function<void(Connection&)>& function);

// The same for all of them that this worker has, in no order, or those of one service: its number is
// ConnectionInfo::listener. One that is accepted meanwhile may be left out. In process mode each connection
// counts as that of one worker, whichever its messages go to: so all workers together visit it once.
void each_connection(const Function<void(Connection&)>& function);
void each_connection(unsigned listener, const Function<void(Connection&)>& function);

}  // namespace oklo
