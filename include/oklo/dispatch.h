#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <oklo/connection_id.h>
#include <oklo/function.h>

namespace oklo {

// Which worker of process mode gets a message. Of one connection one message at a time is under way, in every
// mode: its messages are handled in their order, and what a handler sends keeps the order of the messages
// that it answers. Where the mode scatters a connection over several workers (round_robin, idle, function)
// there is no order between what they send at other times: by a timer, from another connection's handler. A
// worker that is not there, is stopped, or is stuck while messages wait for it, is passed over: the next one
// that serves gets the message. round_robin and idle pass over one sooner: when a handler of it has run for
// 100 ms, or it does not take what waits for it, as long as another one is in time; in the other modes a
// message waits so long. A connection that a coroutine serves stays with the worker that began
// it, in every mode.
enum class Dispatch : uint8_t {
  connection,   // by the connection: one worker for as long as it lasts
  round_robin,  // one after another
  idle,         // the one that has the fewest messages to handle
  peer,         // by the peer's IP address: all connections from there have one worker
  user,         // by the user that Connection::bind or WebSocket::bind said; before that, by the connection
  function,     // as the function of Server::on_dispatch says
};

// What a function of dispatching gets to know. Views live until it returns.
struct DispatchMessage {
  ConnectionId connection;  // none for a datagram
  unsigned listener = 0;    // which call of Server::http, tcp and udp it belongs to, from 0
  std::string peer;         // "192.0.2.1", "2001:db8::1", "unix"
  uint64_t user = 0;        // as bound; 0: it is not
  unsigned workers = 0;     // how many there are
  std::string_view bytes;   // of the message or request; empty where none belong to the event
};

// Answers the number of a worker, from 0 to workers - 1; any other is counted in the status, and the
// connection decides. Called in the reactor threads of the gate, several at a time: what it changes must be
// safe from that, and what takes long holds up all connections of the thread.
using DispatchFunction = Function<unsigned(const DispatchMessage& message)>;

// What becomes of the message that a worker had in its hands when it died. What a dead worker had not taken
// yet is never lost: its successor gets it.
enum class OnWorkerDeath : uint8_t {
  close,      // its connection is closed (CloseReason::handler_failed); an HTTP request is answered with 502
  lose,       // it is lost and the connection goes on with its next message; for HTTP as close, but the
              // connection stays
  redeliver,  // another worker gets it, five in all, then as close. So its handler must bear to begin twice;
              // what the dead one sent to this connection has not been sent
};

}  // namespace oklo
