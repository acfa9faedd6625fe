#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/base64.h"
#include "codec/http_request.h"

namespace oklo::codec {

inline constexpr std::string_view kWebSocketVersion = "13";

// What becomes of a request for a WebSocket.
struct HandshakeVerdict {
  uint16_t status = 101;    // 101: it is accepted; else the status of the answer
  const char* reason = "";  // with any other: a few words for the log
};

// Judges an opening handshake (RFC 6455 section 4.2.1). With a 405 the answer must carry Allow: GET, with a
// 426 Upgrade: websocket and Sec-WebSocket-Version (RFC 9110 section 15.5.22, RFC 6455 section 4.4). The
// origin is for the caller to judge.
HandshakeVerdict check_websocket_request(const RequestHead& head);

// The value of Sec-WebSocket-Accept that answers the value of Sec-WebSocket-Key (RFC 6455 section 4.2.2).
using WebSocketAccept = std::array<char, base64_size(20)>;
WebSocketAccept websocket_accept(std::string_view key);

// The first subprotocol of those that the client offers, the best liked first, which `spoken` has too; it is
// a view of that. Empty where there is none: then the answer names none, and the client may go away.
std::string_view choose_subprotocol(const RequestHead& head, std::span<const std::string_view> spoken);

// The value of Sec-WebSocket-Key that a client makes of 16 random bytes, new ones for each connection
// (RFC 6455 section 4.1).
using WebSocketKey = std::array<char, base64_size(16)>;
WebSocketKey websocket_key(std::span<const char, 16> random);

// One field of an answer.
struct FieldLine {
  std::string_view name;
  std::string_view value;
};

// Judges a server's answer on the client's side (RFC 6455 section 4.1, the list at its end): nullptr where
// the connection is a WebSocket now, and then `chosen` is that one of the offered subprotocols which the
// server speaks, or empty; else a few words that say why the client must close it.
const char* check_websocket_answer(int status, std::span<const FieldLine> fields, std::string_view key,
                                   std::span<const std::string_view> offered, std::string_view& chosen);

}  // namespace oklo::codec
