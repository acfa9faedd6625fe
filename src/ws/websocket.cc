#include <oklo/websocket.h>

#include "base/number.h"
#include "http/exchange.h"
#include "sys/address.h"
#include "ws/websocket_service.h"

namespace oklo {

using codec::FrameOpcode;
using ws::WebSocketService;

ConnectionId WebSocket::id() const { return connection_.id(); }

std::string WebSocket::peer() const {
  const ConnectionRow& row = connection_.row();
  return row.peer_port ? sys::Address::from_ip(row.peer_ip, 0).host() : "unix";
}

bool WebSocket::send(std::string_view text) {
  return WebSocketService::of(connection_).send(connection_, FrameOpcode::text, text);
}

bool WebSocket::send_binary(std::string_view bytes) {
  return WebSocketService::of(connection_).send(connection_, FrameOpcode::binary, bytes);
}

void WebSocket::close(uint16_t code, std::string_view reason) {
  OKLO_ASSERT(codec::valid_close_code(code));
  WebSocketService::of(connection_).close(connection_, code, reason, CloseReason::finished);
}

bool WebSocket::join(std::string_view room) {
  return WebSocketService::of(connection_).join(connection_, room);
}

void WebSocket::leave(std::string_view room) { WebSocketService::of(connection_).leave(connection_, room); }

void* WebSocket::state_memory() {
  unsigned char*& state = connection_.session<ws::Session>().state;
  if (!state) state = new unsigned char[kStateBytes]();
  return state;
}

}  // namespace oklo
