#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shm/scoreboard.h"
#include "sys/fd.h"

#include <oklo/connection_id.h>

namespace oklo::net {

class PostedConnection;

// What takes all that PostedConnections do to the process that owns their sockets, in the order of the calls.
class Carrier {
 public:
  enum class End : uint8_t {
    close,   // when all that was sent has gone out
    linger,  // the same, and the peer may still be sending (Connection::Linger)
    abort,   // at once
  };

  // To be sent; PostedConnection::confirm tells when that is done.
  virtual void send(ConnectionId id, std::string_view bytes) = 0;
  virtual void send_file(ConnectionId id, sys::Fd file, uint64_t offset, uint64_t size) = 0;
  // So many of the bytes that it was fed are consumed, and there is room for as many more.
  virtual void took(ConnectionId id, size_t bytes) = 0;
  // It has ended the connection. Nothing more comes from it.
  virtual void closed(ConnectionId id, CloseReason reason, End end) = 0;
  // Something has happened to it in this turn, and all that it sent has been handed on. Here it can be let
  // go, when that was all; `took` is not called for one that is.
  virtual void settled(PostedConnection& connection) = 0;

 protected:
  ~Carrier() = default;
};

}  // namespace oklo::net
