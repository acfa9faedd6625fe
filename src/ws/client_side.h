#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "net/client_in_process.h"
#include "net/protocol.h"
#include "ws/opening.h"
#include "ws/websocket_service.h"

#include <oklo/websocket_client.h>

namespace oklo::ws {

// What a WebSocketClient is in one process: makes connections and shakes hands on them; then a
// WebSocketService has them.
class ClientSide final : public ClientInProcess, public Protocol {
 public:
  // All of them outlive it.
  ClientSide(const WebSocketHandlers& handlers, const WebSocketService::OnOpen& on_open,
             const WebSocketClientOptions& options, Connector& connector);
  // A WebSocket that is open, or being opened, is a bug.
  ~ClientSide() override;

  // `state` may be null.
  ConnectionId connect(std::string_view url, const void* state, size_t bytes,
                       WebSocketClient::OnFailed on_failed);
  bool close(ConnectionId id);
  void each(const Function<void(WebSocket&)>& function);

  void on_open(net::Connection& connection) override;
  void on_data(net::Connection& connection) override;
  void on_end(net::Connection& connection) override;
  void on_drained(net::Connection& connection) override;
  void on_deadline(net::Connection& connection) override;
  void on_drain(net::Connection& connection, DrainMode mode) override;
  void on_close(net::Connection& connection, CloseReason reason) override;

 private:
  // While the hands are being shaken; then it is that of a WebSocket.
  struct Handshake {
    Opening* opening;
  };
  static Opening*& opening_of(net::Connection& connection) {
    return connection.session<Handshake>().opening;
  }

  codec::WebSocketKey make_key();
  void take_connection(std::unique_ptr<Opening> opening, ConnectionId id,
                       Result<Connector::Connected> outcome);
  void accept(net::Connection& connection, size_t head_bytes, std::string_view subprotocol);
  void fail(net::Connection& connection, std::string_view why);
  void tell_failed(Opening& opening, std::string_view why);

  const WebSocketService::OnOpen& handle_open_;
  const WebSocketClientOptions& options_;
  WebSocketService service_;
  Endpoint endpoint_;          // of handshakes
  Endpoint service_endpoint_;  // of what is open
  QueryIds random_;
  size_t being_opened_ = 0;
  std::unique_ptr<Opening> opening_;  // whose connection comes up now
};

}  // namespace oklo::ws
