#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "codec/websocket_frame.h"

#include <oklo/websocket.h>

namespace oklo::ws {

// What stands behind a WebSocket in the hands of a handler: the WebSocket itself where this process owns its
// connection, or what sends messages to the process that does.
class Link {
 public:
  // What a handler gets; it lives no longer than this.
  WebSocket handle() { return WebSocket(*this); }

  virtual ConnectionId id() const = 0;
  virtual std::string peer() const = 0;
  virtual bool send(codec::FrameOpcode opcode, std::string_view payload) = 0;
  // The code is one that may be sent.
  virtual void close(uint16_t code, std::string_view reason) = 0;
  virtual bool join(std::string_view room) = 0;
  virtual void leave(std::string_view room) = 0;
  virtual void bind(uint64_t user) = 0;
  // kStateBytes bytes.
  virtual void* state() = 0;

 protected:
  ~Link() = default;
};

}  // namespace oklo::ws
