#pragma once

#include "net/connection.h"
#include "ws/link.h"
#include "ws/websocket_service.h"

namespace oklo::ws {

// The Link to a WebSocket that this process owns. Made on the stack for each call of a handler.
class LocalLink final : public Link {
 public:
  LocalLink(net::Connection& connection, WebSocketService& service)
      : connection_(connection), service_(service) {}

  ConnectionId id() const override { return connection_.id(); }
  std::string peer() const override;
  bool send(codec::FrameOpcode opcode, std::string_view payload) override {
    return service_.send(connection_, opcode, payload);
  }
  void close(uint16_t code, std::string_view reason) override;
  bool join(std::string_view room) override { return service_.join(connection_, room); }
  void leave(std::string_view room) override { service_.leave(connection_, room); }
  void bind(uint64_t) override {}
  void* state() override;

 private:
  net::Connection& connection_;
  WebSocketService& service_;
};

}  // namespace oklo::ws
