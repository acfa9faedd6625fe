#include <oklo/websocket.h>

#include "base/assert.h"
#include "ws/link.h"

namespace oklo {

using codec::FrameOpcode;

ConnectionId WebSocket::id() const { return link_.id(); }

std::string WebSocket::peer() const { return link_.peer(); }

bool WebSocket::send(std::string_view text) { return link_.send(FrameOpcode::text, text); }

bool WebSocket::send_binary(std::string_view bytes) { return link_.send(FrameOpcode::binary, bytes); }

void WebSocket::close(uint16_t code, std::string_view reason) {
  OKLO_ASSERT(codec::valid_close_code(code));
  link_.close(code, reason);
}

bool WebSocket::join(std::string_view room) { return link_.join(room); }

void WebSocket::leave(std::string_view room) { link_.leave(room); }

void WebSocket::bind(uint64_t user) { link_.bind(user); }

void* WebSocket::state_memory() { return link_.state(); }

}  // namespace oklo
