#include <oklo/websocket_client.h>

#include "ws_client_world.h"

#include <oklo/connection_id.h>

using oklo::CloseReason;
using oklo::WebSocket;
using oklo::WebSocketClient;
using oklo::codec::FrameOpcode;

namespace {

uint64_t closed(const WsClientWorld& world, CloseReason reason) {
  return world.life.closed[static_cast<size_t>(reason)].value();
}

}  // namespace

TEST_CASE("ws/client: the server says goodbye: it is answered, and the server ends the stream") {
  WsClientWorld world;
  WebSocketClient client(world.recording());
  Peer peer = world.open(client);
  peer.write(server_close(4001, "enough") + server_text("behind it"));
  CHECK(world.said(peer) == Frames{"close:4001"});
  CHECK(world.take_calls() == "close 4001 enough\n");
  CHECK_FALSE(world.pool.empty());
  CHECK_FALSE(peer.over());
  CHECK_FALSE(oklo::send_to(world.id, "too late"));
  // What comes now is thrown away, be it what it may.
  peer.write(server_close(1000) + server_text("x") + "\xff\xff");
  world.settle();
  CHECK(world.calls.empty());
  CHECK(peer.read().empty());
  CHECK_FALSE(peer.over());
  peer.close();
  world.wait_until([&] { return world.pool.empty(); });
  CHECK(world.calls.empty());
  CHECK(closed(world, CloseReason::peer_closed) == 1);
}

TEST_CASE("ws/client: a server that does not end the stream is not waited for long") {
  WsClientWorld world;
  WebSocketClient client(world.recording());
  Peer peer = world.open(client);
  peer.write(server_close(1000));
  CHECK(world.next_calls() == "close 1000 \n");
  uint64_t begin = world.reactor->clock().now_ms;
  world.wait_until([&] { return world.pool.empty(); });
  CHECK(world.reactor->clock().now_ms >= begin + 1900);
  CHECK(world.calls.empty());
}

TEST_CASE("ws/client: what a server may not send fails it") {
  struct Row {
    std::string bytes;
    const char* said;
    const char* told;
    CloseReason reason;
  };
  auto protocol_error = CloseReason::protocol_error;
  for (const Row& row :
       {Row{text_frame("masked"), "close:1002 masked frame from a server",
            "close 1002 masked frame from a server\n", protocol_error},
        Row{client_frame(FrameOpcode::text, "x"), "close:1002 masked frame from a server",
            "close 1002 masked frame from a server\n", protocol_error},
        Row{server_text("\xff"), "close:1007 not UTF-8", "close 1007 not UTF-8\n", protocol_error},
        Row{server_text(std::string(101, 'x')), "close:1009 message too big", "close 1009 message too big\n",
            CloseReason::message_too_big},
        Row{server_frame(FrameOpcode::continuation, "x"), "close:1002 continuation of nothing",
            "close 1002 continuation of nothing\n", protocol_error},
        Row{"\xc1\x01x", "close:1002 reserved bit set", "close 1002 reserved bit set\n", protocol_error},
        Row{server_frame(FrameOpcode::binary, "x"), "close:1003 this kind of message is not taken here",
            "close 1003 this kind of message is not taken here\n", protocol_error}}) {
    CAPTURE(row.said);
    WsClientWorld world;
    oklo::WebSocketClientHandlers handlers = world.recording();
    handlers.on_binary = nullptr;
    oklo::WebSocketClientOptions options;
    options.socket.message_bytes = 100;
    WebSocketClient client(std::move(handlers), options);
    Peer peer = world.open(client);
    peer.write(row.bytes);
    CHECK(world.said(peer) == Frames{row.said});
    CHECK(world.take_calls() == row.told);
    peer.close();
    world.wait_until([&] { return world.pool.empty(); });
    CHECK(closed(world, row.reason) == 1);
  }
}

TEST_CASE("ws/client: a silent server is asked for a sign, and lost without one") {
  WsClientWorld world;
  oklo::WebSocketClientOptions options;
  options.socket.ping_ms = 30;
  WebSocketClient client(world.recording(), options);
  Peer peer = world.open(client);
  std::string bytes;
  world.wait_until([&] { return !(bytes += peer.read()).empty(); });
  CHECK(frames_of(without_masks(bytes)) == Frames{"ping:"});
  peer.write(server_frame(FrameOpcode::pong, ""));
  bytes.clear();
  world.wait_until([&] { return !(bytes += peer.read()).empty(); });
  CHECK(frames_of(without_masks(bytes)) == Frames{"ping:"});
  CHECK(world.calls.empty());
  CHECK(world.next_calls() == "close 1006 \n");
  CHECK(closed(world, CloseReason::idle_timeout) == 1);
}

TEST_CASE("ws/client: one that takes nothing is closed when the queue is full") {
  WsClientWorld world;
  oklo::WebSocketClientOptions options;
  options.socket.queue_bytes = 100'000;
  WebSocketClient client(world.recording(), options);
  Peer peer = world.open(client);
  client.each([](WebSocket& socket) {
    CHECK(socket.send(std::string(90'000, 'x')));
    CHECK_FALSE(socket.send(std::string(20'000, 'y')));
    CHECK_FALSE(socket.send("z"));
  });
  CHECK(world.said(peer, 2) == Frames{"text:" + std::string(90'000, 'x'), "close:1013 too slow"});
  peer.close();
  CHECK(world.next_calls() == "close 1013 \n");
  CHECK(closed(world, CloseReason::queue_full) == 1);
}

TEST_CASE("ws/client: by its id it is closed, too") {
  WsClientWorld world;
  WebSocketClient client(world.recording());
  Peer peer = world.open(client);
  CHECK(oklo::send_binary_to(world.id, "\xff"));
  CHECK(oklo::close_connection(world.id));
  CHECK_FALSE(oklo::close_connection(world.id));
  CHECK(world.said(peer, 2) == Frames{"binary:\xff", "close:1000"});
  peer.write(server_close(1000, "bye"));
  CHECK(world.next_calls() == "close 1000 bye\n");
  peer.close();
  world.wait_until([&] { return world.pool.empty(); });
  CHECK(closed(world, CloseReason::finished) == 1);
}

TEST_CASE("ws/client: from on_failed and on_close another may be begun, and on_open may send and close") {
  WsClientWorld world;
  oklo::WebSocketClientHandlers handlers = world.recording();
  WebSocketClient* again = nullptr;
  int left = 1;
  handlers.on_open = [](WebSocket& ws, std::string_view) {
    CHECK(ws.send("first"));
    ws.close(4000, "at once");
    CHECK_FALSE(ws.send("second"));
  };
  handlers.on_close = [&](WebSocket&, uint16_t code, std::string_view) {
    world.note("close", std::to_string(code));
    if (left-- > 0) again->connect(world.url(), world.failed());
  };
  WebSocketClient client(std::move(handlers));
  again = &client;
  client.connect("ws://127.0.0.1:1/x", [&](std::string_view, std::string_view) {
    world.note("failed", {});
    client.connect(world.url(), world.failed());
  });
  for (int i = 0; i < 2; i++) {
    Peer peer = world.accept();
    CHECK(world.take_calls() == (i == 0 ? "failed\n" : ""));
    peer.write(world.answer());
    CHECK(world.said(peer, 2) == Frames{"text:first", "close:4000 at once"});
    peer.write(server_close(4000));
    CHECK(world.next_calls() == "close 4000\n");
  }
  world.wait_until([&] { return world.pool.empty(); });
  CHECK(closed(world, CloseReason::finished) == 2);
}
