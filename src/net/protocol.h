#pragma once

#include <string_view>

#include "base/drain_mode.h"
#include "shm/scoreboard.h"

namespace oklo {

namespace net { class Connection; }

// What is sent to a connection by who knows its id alone.
enum class Payload : uint8_t { text, binary };

// What is spoken at a listener: the session's side of its connections. One in each worker for each
// listener; what it must know of one connection stands in Connection::session. It outlives them all.
class Protocol {
 public:
  virtual ~Protocol() = default;

  virtual void on_open(net::Connection& connection) = 0;
  // input() has grown.
  virtual void on_data(net::Connection& connection) = 0;
  // The peer will send no more; what it sent before has been given to on_data.
  virtual void on_end(net::Connection& connection) = 0;
  // Everything that was queued is sent, and it took more than one try or reading was paused, or
  // Connection::tell_each_drain was called.
  virtual void on_drained(net::Connection& connection) = 0;
  // Some of what was queued is sent, and some waits for room.
  virtual void on_partly_sent(net::Connection&) {}
  // Somebody who knows its id alone sends to it, or closes it kindly. False when it takes nothing any more,
  // as where nobody is to know the ids. No handler is called from here: others may be under way.
  virtual bool send_by_id(net::Connection&, Payload, std::string_view) { return false; }
  virtual bool close_by_id(net::Connection&) { return false; }
  // The deadline has passed.
  virtual void on_deadline(net::Connection& connection) = 0;
  // The worker leaves. Afterwards on_open is not called any more.
  virtual void on_drain(net::Connection& connection, DrainMode mode) = 0;
  // The last call for a connection.
  virtual void on_close(net::Connection& connection, CloseReason reason) = 0;
};

}  // namespace oklo
