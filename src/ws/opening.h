#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "codec/http_reply.h"
#include "codec/websocket_handshake.h"

#include <oklo/websocket_client.h>

namespace oklo::ws {

// A WebSocket of a client, from when it was asked for until it is open or has failed.
struct Opening {
  std::string url;
  WebSocketClient::OnFailed on_failed;
  std::unique_ptr<unsigned char[]> state;  // for WebSocket::state, or nullptr
  std::string server;                      // "127.0.0.1:80"
  std::string request;
  codec::WebSocketKey key = {};
  uint64_t deadline_ms = 0;                // of the handshake, once there is a connection
};

// Writes server and request by its url and key (RFC 6455 section 4.1). A sentence about what is wrong with
// them, or nothing.
std::string write_handshake(Opening& opening, const WebSocketClientOptions& options);

// Judges the answer. A few words about what is wrong with it; nothing where the connection is a WebSocket
// now, and then `subprotocol` is a view of that one of the options which was chosen.
std::string judge_answer(const Opening& opening, const codec::ReplyHead& head,
                         const WebSocketClientOptions& options, std::string_view& subprotocol);

}  // namespace oklo::ws
