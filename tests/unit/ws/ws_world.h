#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/websocket_frame.h"
#include "http/http_world.h"
#include "ws/hub.h"
#include "ws/websocket_upgrade.h"

// A frame of a client, masked unless told otherwise.
inline std::string client_frame(oklo::codec::FrameOpcode opcode, std::string_view payload, bool fin = true,
                                bool is_masked = true) {
  oklo::codec::FrameHeader header;
  header.opcode = opcode;
  header.payload_size = payload.size();
  header.fin = fin;
  header.masked = is_masked;
  header.mask = {'\x12', '\x34', '\x56', '\x78'};
  char head[oklo::codec::kFrameHeaderBytesMax];
  std::string frame(head, oklo::codec::write_frame_header(head, header));
  std::string body(payload);
  if (is_masked) oklo::codec::apply_mask(body, header.mask, 0);
  return frame + body;
}

inline std::string text_frame(std::string_view payload, bool fin = true) {
  return client_frame(oklo::codec::FrameOpcode::text, payload, fin);
}
inline std::string more_frame(std::string_view payload, bool fin = true) {
  return client_frame(oklo::codec::FrameOpcode::continuation, payload, fin);
}
inline std::string ping_frame(std::string_view payload) {
  return client_frame(oklo::codec::FrameOpcode::ping, payload);
}
inline std::string code_bytes(unsigned code) {
  return {static_cast<char>(code >> 8), static_cast<char>(code)};
}
inline std::string close_frame(unsigned code, std::string_view reason = {}) {
  return client_frame(oklo::codec::FrameOpcode::close, code_bytes(code) + std::string(reason));
}

// What a server sent, frame by frame, as a list: "text:hello", "pong:x", "close:1000 reason".
inline std::vector<std::string> frames_of(std::string_view bytes) {
  std::vector<std::string> list;
  oklo::codec::FrameHeader header;
  auto client = oklo::codec::FrameReader::client;
  while (oklo::codec::parse_frame_header(bytes, client, header) == oklo::codec::FrameVerdict::fine) {
    std::string_view body = bytes.substr(header.header_size, static_cast<size_t>(header.payload_size));
    std::string payload(body);
    static constexpr const char* kNames[] = {"more", "text", "binary", "", "", "", "", "", "close", "ping",
                                             "pong"};
    if (header.opcode == oklo::codec::FrameOpcode::close && body.size() >= 2) {
      unsigned code = static_cast<unsigned char>(body[0]) * 256u + static_cast<unsigned char>(body[1]);
      payload = std::to_string(code);
      if (body.size() > 2) payload += " " + std::string(body.substr(2));
    }
    list.push_back(std::string(kNames[static_cast<size_t>(header.opcode)]) + ":" + payload);
    bytes.remove_prefix(header.header_size + body.size());
  }
  if (!bytes.empty()) list.push_back("rest");
  return list;
}

using Frames = std::vector<std::string>;

// WebSockets at "/", without a worker around them.
class WsWorld {
 public:
  explicit WsWorld(oklo::WebSocketHandlers handlers, oklo::WebSocketOptions options = {}) {
    routes_.add_upgrade("/",
                        std::make_unique<oklo::ws::WebSocketMaker>(std::move(handlers), std::move(options)));
    http = std::make_unique<HttpWorld>(routes_);
    share(http->life, {});
  }
  ~WsWorld() {
    http->abort_all();
    hub.reset();
    relay.reset();
  }

  static std::string handshake(std::string_view fields = {}) {
    return "GET /?a=b HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           std::string(fields) + "\r\n";
  }
  // A client whose handshake is done, and what followed the answer is not read yet.
  Client& open(std::string_view fields = {}) {
    Client& client = http->connect();
    client.send(handshake(fields));
    http->settle();
    REQUIRE(client.received.starts_with("HTTP/1.1 101"));
    client.received.erase(0, client.received.find("\r\n\r\n") + 4);
    return client;
  }
  // With a new hub.
  void share(oklo::LifeRow& life, const oklo::RelayShare& shared) {
    hub.reset();
    relay = std::make_unique<oklo::Relay>(http->reactor(), life, shared, &http->pool());
    hub = std::make_unique<oklo::ws::Hub>(*relay, life);
    REQUIRE(relay->start().ok());
    routes_.make_upgrades(http->endpoint());
  }
  // What a client gets for some bytes.
  Frames ask(Client& client, std::string_view bytes) {
    client.send(bytes);
    http->settle();
    return frames_of(std::exchange(client.received, {}));
  }

 private:
  oklo::http::RouteTable routes_;

 public:
  std::unique_ptr<HttpWorld> http;
  std::unique_ptr<oklo::Relay> relay;
  std::unique_ptr<oklo::ws::Hub> hub;
};

inline oklo::WebSocketHandlers echo_handlers() {
  oklo::WebSocketHandlers handlers;
  handlers.on_message = [](oklo::WebSocket& ws, std::string_view text) { ws.send(text); };
  handlers.on_binary = [](oklo::WebSocket& ws, std::string_view bytes) { ws.send_binary(bytes); };
  return handlers;
}
