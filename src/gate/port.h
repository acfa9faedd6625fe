#pragma once

#include <optional>

#include "codec/wire_unit.h"
#include "gate/talk.h"
#include "net/connection.h"
#include "sys/fd.h"

namespace oklo::gate {

// A service in a reactor thread of the gate: it has the connections, and tells workers of them.
class ThreadPort {
 public:
  // A worker said something to it. False: no worker says that, and nothing has happened.
  virtual bool on_said(const codec::WireRecord& record, sys::Fd file) = 0;
  // All that was told of this connection is done.
  virtual void on_done(net::Connection& connection) = 0;
  // A worker died with a message of this connection, and it is not told again; on_done follows. `close`: the
  // connection is to end.
  virtual void on_lost(net::Connection& connection, bool close) = 0;
  // Whether the message that a dead worker had may be told again: nothing of an answer to it has left.
  virtual bool may_repeat(net::Connection&, Told) { return true; }
  // Which worker has handled Told::connected of this one, if it still takes what it is told. Whether nobody
  // but that one is to be told of it from now on.
  virtual bool on_taken(net::Connection&, std::optional<Reader>) { return false; }
  // That worker takes no more: it was told to leave, or died.
  virtual void on_worker_gone(const Reader&, bool /*died*/) {}

 protected:
  ~ThreadPort() = default;
};

// The same service in a worker, which runs its handlers.
class WorkerPort {
 public:
  virtual ~WorkerPort() = default;
  // A reactor thread tells something. Whether it is done when this returns; if not, the port says so later.
  virtual bool on_told(uint32_t thread, const codec::WireRecord& record) = 0;
  // So much more is to be sent to a stream of this service: whether it may be, and then it is.
  virtual bool on_send(uint32_t /*thread*/, ConnectionId, size_t /*bytes*/) { return true; }
  // stream::Link::filled.
  virtual bool filled(ConnectionId) const { return false; }
  // All that waited for that thread has left.
  virtual void on_room(uint32_t /*thread*/) {}
};

}  // namespace oklo::gate
