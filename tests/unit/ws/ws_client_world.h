#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

#include "codec/websocket_handshake.h"
#include "net/connector.h"
#include "net/listening.h"
#include "net/relay.h"
#include "net/turns.h"
#include "ws/ws_world.h"

#include <oklo/websocket_client.h>

// A frame of a server.
inline std::string server_frame(oklo::codec::FrameOpcode opcode, std::string_view payload, bool fin = true) {
  return client_frame(opcode, payload, fin, false);
}
inline std::string server_text(std::string_view payload, bool fin = true) {
  return server_frame(oklo::codec::FrameOpcode::text, payload, fin);
}
inline std::string server_close(unsigned code, std::string_view reason = {}) {
  return server_frame(oklo::codec::FrameOpcode::close, code_bytes(code) + std::string(reason));
}

// What a client sent, as a server would have sent it, and a byte that is no frame for one that has not come
// whole; "unmasked" where a frame has no mask.
inline std::string without_masks(std::string bytes) {
  std::string all;
  oklo::codec::FrameHeader header;
  auto server = oklo::codec::FrameReader::server;
  using Verdict = oklo::codec::FrameVerdict;
  while (!bytes.empty()) {
    Verdict verdict = oklo::codec::parse_frame_header(bytes, server, header);
    size_t size = static_cast<size_t>(header.payload_size);
    bool partial = verdict == Verdict::fine && bytes.size() - header.header_size < size;
    if (verdict == Verdict::more || partial) return all + "\xff";
    if (verdict != Verdict::fine) return "unmasked";
    std::span<char> payload = std::span<char>(bytes).subspan(header.header_size, size);
    oklo::codec::apply_mask(payload, header.mask, 0);
    all += client_frame(header.opcode, {payload.data(), payload.size()}, header.fin, false);
    bytes.erase(0, header.header_size + size);
  }
  return all;
}

// A worker whose program has WebSockets to a server that the test plays.
struct WsClientWorld : Turns {
  oklo::LifeRow life = {};
  oklo::ConnectionTable table = oklo::ConnectionTable::create(64).value();
  oklo::ConnectionPool pool{*reactor, table, life, 0, 64};
  oklo::Relay relay{*reactor, life, {}, &pool};
  oklo::Connector connector{pool};
  Listening listening{"127.0.0.1:0"};
  std::string calls;  // each with a line break behind it

  // Before the client dies, which must outlive its WebSockets.
  void end() {
    pool.abort_all();
    connector.leave();
    turn();
    turn();
  }
  void settle() {
    for (int i = 0; i < 6; i++) turn();
  }
  std::string take_calls() {
    settle();
    return std::exchange(calls, {});
  }
  std::string next_calls() {
    wait_until([this] { return !calls.empty(); });
    return take_calls();
  }
  std::string url(std::string_view target = "/chat?a=b") const {
    return "ws://" + listening.address.to_string() + std::string(target);
  }

  oklo::WebSocketClientHandlers recording() {
    oklo::WebSocketClientHandlers handlers;
    handlers.on_open = [this](oklo::WebSocket&, std::string_view chosen) { note("open", chosen); };
    handlers.on_message = [this](oklo::WebSocket&, std::string_view text) { note("text", text); };
    handlers.on_binary = [this](oklo::WebSocket&, std::string_view bytes) { note("binary", bytes); };
    handlers.on_close = [this](oklo::WebSocket&, uint16_t code, std::string_view reason) {
      note("close", std::to_string(code) + " " + std::string(reason));
    };
    return handlers;
  }
  oklo::WebSocketClient::OnFailed failed() {
    return [this](std::string_view to, std::string_view why) {
      calls.append(to).append(" failed: ").append(why).append("\n");
    };
  }
  void note(std::string_view what, std::string_view more) {
    calls.append(what).append(more.empty() ? "" : " ").append(more).append("\n");
  }

  // The server's end of a connection, and the request that came there.
  Peer accept() {
    oklo::sys::Address from;
    long fd = -1;
    turn_until([&] { return (fd = oklo::sys::accept_connection(listening.listener.get(), from)) >= 0; });
    Peer peer{oklo::sys::Fd(static_cast<int>(fd))};
    request.clear();
    turn_until([&] {
      request += peer.read();
      return request.ends_with("\r\n\r\n");
    });
    return peer;
  }
  std::string field(std::string_view name) const {
    size_t at = request.find("\r\n" + std::string(name) + ": ");
    REQUIRE(at != request.npos);
    at += name.size() + 4;
    return request.substr(at, request.find("\r\n", at) - at);
  }
  // The answer that accepts the request.
  std::string answer(std::string_view fields = {}) const {
    oklo::codec::WebSocketAccept proof = oklo::codec::websocket_accept(field("Sec-WebSocket-Key"));
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           std::string(proof.data(), proof.size()) + "\r\n" + std::string(fields) + "\r\n";
  }
  // One that is open.
  Peer open(oklo::WebSocketClient& client) {
    id = client.connect(url(), failed());
    Peer peer = accept();
    peer.write(answer());
    CHECK(next_calls() == "open\n");
    return peer;
  }
  // What a client sends, frame by frame, until it is so much.
  Frames said(Peer& peer, size_t frames = 1) {
    std::string bytes;
    Frames list;
    turn_until([&] {
      bytes += peer.read();
      list = frames_of(without_masks(bytes));
      return list.size() >= frames && list.back() != "rest";
    });
    return list;
  }

  std::string request;
  oklo::ConnectionId id;
};
