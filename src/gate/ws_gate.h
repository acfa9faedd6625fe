#pragma once

#include "gate/deliveries.h"
#include "ws/websocket_service.h"
#include "ws/websocket_upgrade.h"

namespace oklo::gate {

// The WebSockets of one route in a reactor thread: frames, fragments, pings, rooms and queues are here; a
// worker is told of each message and of the end.
class WsGate {
 public:
  // The maker is that of the route with this number; `base` is the endpoint of the listener. All outlive it.
  WsGate(const ws::WebSocketMaker& maker, uint16_t route, const Endpoint& base, ConnectionPool& pool,
         Deliveries& deliveries);

  // The answer that makes it a WebSocket is given; a worker has called on_open.
  void open(net::Connection& connection);
  bool owns(const net::Connection& connection) const {
    return connection.endpoint().protocol == &service_;
  }
  // A worker said something.
  void obey(net::Connection& connection, const codec::WireRecord& record);
  void on_done(net::Connection& connection) { service_.let_go(connection); }
  void on_lost(net::Connection& connection, bool close);

 private:
  WebSocketHandlers telling(const WebSocketHandlers& wanted);
  void tell(const WebSocket& socket, Told type, std::string_view bytes);

  uint16_t route_;
  ConnectionPool& pool_;
  Deliveries& deliveries_;
  WebSocketHandlers telling_;
  ws::WebSocketService service_;
  Endpoint endpoint_;
};

}  // namespace oklo::gate
