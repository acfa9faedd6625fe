#include "gate/ws_gate.h"

namespace oklo::gate {

namespace {

constexpr uint16_t kInternalError = 1011;  // RFC 6455 section 7.4.1

}  // namespace

WsGate::WsGate(const ws::WebSocketMaker& maker, uint16_t route, const Endpoint& base, ConnectionPool& pool,
               Deliveries& deliveries)
    : route_(route),
      pool_(pool),
      deliveries_(deliveries),
      telling_(telling(maker.handlers())),
      service_(telling_, maker.options(), ws::Hub::here(), *base.life,
               ws::WebSocketService::Handled::elsewhere),
      endpoint_(ws::websocket_endpoint(base, service_)) {
  service_.on_parting([this](net::Connection& connection) { deliveries_.part_with(connection); });
}

// ---------------------------------------------------------------- to the workers

WebSocketHandlers WsGate::telling(const WebSocketHandlers& wanted) {
  WebSocketHandlers made;
  auto teller = [this](const auto& handler, Told type) -> Function<void(WebSocket&, std::string_view)> {
    if (!handler) return {};
    return [this, type](WebSocket& socket, std::string_view bytes) { tell(socket, type, bytes); };
  };
  made.on_message = teller(wanted.on_message, Told::ws_text);
  made.on_binary = teller(wanted.on_binary, Told::ws_binary);
  if (wanted.on_close)
    made.on_close = [this](WebSocket& socket, uint16_t code, std::string_view reason) {
      std::string bytes(reinterpret_cast<const char*>(&code), sizeof code);
      tell(socket, Told::ws_closed, bytes.append(reason));
    };
  return made;
}

void WsGate::tell(const WebSocket& socket, Told type, std::string_view bytes) {
  net::Connection& connection = *pool_.find(socket.id());
  service_.hold(connection);
  deliveries_.tell(connection, type, route_, bytes);
}

// ---------------------------------------------------------------- from the workers

// The request that led here is still in the hands of the worker.
void WsGate::open(net::Connection& connection) {
  connection.change_endpoint(endpoint_);
  service_.open(connection);
  service_.hold(connection);
}

void WsGate::obey(net::Connection& connection, const codec::WireRecord& record) {
  using codec::FrameOpcode;
  switch (static_cast<Said>(record.type)) {
    case Said::ws_send_text: service_.send(connection, FrameOpcode::text, record.bytes); return;
    case Said::ws_send_binary: service_.send(connection, FrameOpcode::binary, record.bytes); return;
    case Said::ws_close:
      return service_.close(connection, record.flags, record.bytes, CloseReason::finished);
    case Said::ws_join: service_.join(connection, record.bytes); return;
    case Said::ws_leave: return service_.leave(connection, record.bytes);
    default: return;
  }
}

void WsGate::on_lost(net::Connection& connection, bool close) {
  if (close) service_.close(connection, kInternalError, "the worker died", CloseReason::handler_failed);
}

}  // namespace oklo::gate
