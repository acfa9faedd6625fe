#include <oklo/websocket_client.h>

#include "emulated.h"
#include "ws_client_world.h"

#include <oklo/connection_id.h>

using oklo::CloseReason;
using oklo::ConnectionId;
using oklo::WebSocket;
using oklo::WebSocketClient;
using oklo::codec::FrameOpcode;

namespace {

struct Mark {
  int number;
};

}  // namespace

TEST_CASE("ws/client: the handshake") {
  WsClientWorld world;
  oklo::WebSocketClientOptions options;
  options.headers = {{"Origin", "http://a.test"}, {"X-Y", "z"}};
  options.socket.subprotocols = {"chat.2", "chat.1"};
  WebSocketClient client(world.recording(), options);
  ConnectionId id = client.connect(world.url(), world.failed());
  CHECK(id);
  CHECK_FALSE(oklo::is_open(id));
  Peer peer = world.accept();
  CHECK(world.request.starts_with("GET /chat?a=b HTTP/1.1\r\nHost: " + world.listening.address.to_string()));
  CHECK(world.field("Upgrade") == "websocket");
  CHECK(world.field("Connection") == "Upgrade");
  CHECK(world.field("Sec-WebSocket-Version") == "13");
  CHECK(world.field("Sec-WebSocket-Protocol") == "chat.2, chat.1");
  CHECK(world.field("Origin") == "http://a.test");
  CHECK(world.field("X-Y") == "z");
  std::string key = world.field("Sec-WebSocket-Key");
  CHECK(key.size() == 24);
  CHECK_FALSE(oklo::send_to(id, "too early"));
  // The first message stands right behind the answer, and something before it.
  peer.write("HTTP/1.1 103 Hints\r\nA: b\r\n\r\n" + world.answer("Sec-WebSocket-Protocol: chat.1\r\n") +
             server_text("hello"));
  CHECK(world.next_calls() == "open chat.1\ntext hello\n");
  CHECK(oklo::is_open(id));
  CHECK(oklo::send_to(id, "by id"));
  CHECK(world.said(peer) == Frames{"text:by id"});
  client.connect(world.url(), world.failed());
  Peer second = world.accept();
  CHECK(world.field("Sec-WebSocket-Key") != key);
  world.end();
}

TEST_CASE("ws/client: byte by byte") {
  WsClientWorld world;
  WebSocketClient client(world.recording());
  client.connect(world.url(), world.failed());
  Peer peer = world.accept();
  for (char byte : world.answer() + server_text("one", false) +
                       server_frame(FrameOpcode::continuation, "two") + server_text(std::string(300, 'x'))) {
    peer.write({&byte, 1});
    world.turn();
  }
  CHECK(world.take_calls() == "open\ntext onetwo\ntext " + std::string(300, 'x') + "\n");
  world.end();
}

TEST_CASE("ws/client: what is sent is masked, each frame with another mask, whatever its size") {
  WsClientWorld world;
  WebSocketClient client(world.recording());
  Peer peer = world.open(client);
  for (size_t size : {0, 1, 125, 126, 4096, 4097, 16'000, 16'384, 65'535, 65'536, 200'000}) {
    CAPTURE(size);
    std::string text(size, 'x');
    for (size_t i = 0; i < size; i++) text[i] = static_cast<char>('a' + i % 23);
    client.each([&](WebSocket& socket) { CHECK(socket.send(text)); });
    CHECK(world.said(peer) == Frames{"text:" + text});
  }
  client.each([](WebSocket& socket) {
    socket.send_binary("12345678");
    socket.send_binary("12345678");
  });
  std::string bytes;
  world.turn_until([&] { return (bytes += peer.read()).size() == 2 * 14; });
  CHECK(bytes.substr(2, 4) != bytes.substr(16, 4));
  CHECK(bytes.find("1234") == bytes.npos);
  CHECK(frames_of(without_masks(bytes)) == Frames{"binary:12345678", "binary:12345678"});
  world.end();
}

TEST_CASE("ws/client: control frames") {
  WsClientWorld world;
  WebSocketClient client(world.recording());
  Peer peer = world.open(client);
  peer.write(server_frame(FrameOpcode::ping, "p") + server_frame(FrameOpcode::pong, "q") +
             server_text("a", false) + server_frame(FrameOpcode::ping, "") +
             server_frame(FrameOpcode::continuation, "b") + server_frame(FrameOpcode::binary, ""));
  CHECK(world.said(peer, 2) == Frames{"pong:p", "pong:"});
  CHECK(world.take_calls() == "text ab\nbinary\n");
  world.end();
}

TEST_CASE("ws/client: the state is there from on_open on, to on_close") {
  WsClientWorld world;
  oklo::WebSocketClientHandlers handlers = world.recording();
  handlers.on_open = [&](WebSocket& ws, std::string_view) {
    CHECK(ws.state<Mark>().number++ == 7);
    CHECK_FALSE(ws.join("lobby"));
    ws.leave("lobby");
    CHECK(ws.peer() == "127.0.0.1");
    world.note("open", {});
  };
  handlers.on_close = [&](WebSocket& ws, uint16_t code, std::string_view) {
    world.note("close", std::to_string(code) + " " + std::to_string(ws.state<Mark>().number));
  };
  WebSocketClient client(std::move(handlers));
  ConnectionId id = client.connect(world.url(), Mark{7}, world.failed());
  {
    Peer peer = world.accept();
    peer.write(world.answer());
    CHECK(world.next_calls() == "open\n");
    CHECK(oklo::is_open(id));
  }
  CHECK(world.next_calls() == "close 1006 8\n");
  CHECK(world.pool.empty());
}

TEST_CASE("ws/client: an answer that is none") {
  struct Row {
    std::string answer;
    const char* words;
  };
  WsClientWorld world;
  WebSocketClient client(world.recording());
  std::string good = "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
  for (const Row& row :
       {Row{"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", "it answers 404 Not Found"},
        Row{"HTTP/1.1 302 \r\nLocation: /\r\n\r\n", "it answers 302"},
        Row{"HTTP/1.1 101 x\r\nConnection: Upgrade\r\n\r\n", "its answer is wrong: no Upgrade: websocket"},
        Row{good + "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", "its answer is wrong: bad Sec-WebSocket-Accept"},
        Row{"SSH-2.0-x\r\n", "it is not HTTP/1"},
        Row{"PROOF Sec-WebSocket-Extensions: x\r\n\r\n",
            "its answer is wrong: an extension that was not offered"},
        Row{"PROOF Sec-WebSocket-Protocol: x\r\n\r\n",
            "its answer is wrong: a subprotocol that was not offered"}}) {
    CAPTURE(row.answer);
    client.connect(world.url(), world.failed());
    Peer peer = world.accept();
    std::string right = world.answer();
    bool proves = row.answer.starts_with("PROOF ");
    peer.write(proves ? right.substr(0, right.size() - 2) + row.answer.substr(6) : row.answer);
    CHECK(world.next_calls() == world.url() + " failed: no WebSocket from " +
                                    world.listening.address.to_string() + ": " + row.words + "\n");
    CHECK(world.pool.empty());
  }
}

TEST_CASE("ws/client: each answer, whole, byte by byte, and split at each place") {
  struct Vector {
    std::string before;  // the answer that counts
    std::string fields;
    std::string behind;
    std::string calls;
  };
  WsClientWorld world;
  WebSocketClient client(world.recording(), {.socket = {.subprotocols = {"chat"}}});
  for (const Vector& vector :
       {Vector{"", "", "", "open\n"},
        Vector{"", "", server_text("a") + server_text("b"), "open\ntext a\ntext b\n"},
        Vector{"HTTP/1.1 103 Hints\r\nA: b\r\n\r\n", "Sec-WebSocket-Protocol: chat\r\n",
               server_close(3001, "no"), "open chat\nclose 3001 no\n"},
        Vector{"", "Sec-WebSocket-Extensions: x\r\n", "",
               "failed: its answer is wrong: an extension that was not offered\n"},
        Vector{"", "Sec-WebSocket-Protocol: x\r\n", server_text("a"),
               "failed: its answer is wrong: a subprotocol that was not offered\n"},
        Vector{"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", "", "",
               "failed: it answers 404 Not Found\n"},
        Vector{"HTTP/1.1 101 x\r\n", "", "", "failed: bad field name\n"},
        Vector{"SSH-2.0-x\r\n", "", "", "failed: it is not HTTP/1\n"}}) {
    CAPTURE(vector.calls);
    auto attempt = [&](auto pieces_of) {
      client.connect(world.url(), [&world](std::string_view, std::string_view why) {
        world.note("failed:", why.substr(why.find(": ") + 2));
      });
      Peer peer = world.accept();
      std::string bytes = vector.before + world.answer(vector.fields) + vector.behind;
      bool decided = false;
      for (const std::string& piece : pieces_of(bytes)) {
        decided = decided || world.calls.starts_with("failed");
        if (!decided) peer.write(piece);
        world.settle();
      }
      std::string calls = world.take_calls();
      world.pool.abort_all();
      world.take_calls();
      return std::pair(calls, bytes.size());
    };
    auto [whole, size] = attempt([](const std::string& all) { return std::vector{all}; });
    CHECK(whole == vector.calls);
    auto bytewise = attempt([](const std::string& all) {
      std::vector<std::string> pieces;
      for (char byte : all) pieces.emplace_back(1, byte);
      return pieces;
    });
    CHECK(bytewise.first == vector.calls);
    for (size_t at = 1; at < size; at++) {
      CAPTURE(at);
      auto split = attempt([at](const std::string& all) {
        return std::vector{all.substr(0, at), all.substr(at)};
      });
      CHECK(split.first == vector.calls);
    }
  }
  world.end();
}

TEST_CASE("ws/client: a server that ends, resets or says nothing") {
  if (emulated_mips()) return;
  WsClientWorld world;
  oklo::WebSocketClientOptions options;
  options.handshake_ms = 40;
  WebSocketClient client(world.recording(), options);
  std::string server = world.listening.address.to_string();
  std::string front = world.url() + " failed: no WebSocket from " + server + ": ";
  client.connect(world.url(), world.failed());
  world.accept();
  CHECK(world.next_calls() == front + "the connection was closed\n");
  client.connect(world.url(), world.failed());
  Peer silent = world.accept();
  CHECK(world.next_calls() == front + "no answer within 40 ms\n");
  world.listening.listener.reset();
  client.connect(world.url(), world.failed());
  CHECK(world.next_calls().ends_with(": Connection refused\n"));
  CHECK(world.pool.empty());
}

TEST_CASE("ws/client: what can't be asked for is told, and no connection is made") {
  WsClientWorld world;
  WebSocketClient client(world.recording());
  CHECK_FALSE(client.connect("http://a/", world.failed()));
  CHECK(world.calls.empty());
  CHECK(world.take_calls() == "http://a/ failed: bad URL \"http://a/\": it must begin with ws://\n");
  using Field = std::pair<std::string, std::string>;
  for (const Field& field : {Field("Host", "a"), Field("sec-websocket-key", "a"), Field("Upgrade", "h2c"),
                             Field("A", "b\r\nC: d"), Field("A b", "c")}) {
    oklo::WebSocketClientOptions options;
    options.headers = {field};
    WebSocketClient other(world.recording(), options);
    CHECK_FALSE(other.connect("ws://a/", world.failed()));
    CHECK(world.take_calls().starts_with("ws://a/ failed: "));
  }
  CHECK(world.pool.empty());
}

TEST_CASE("ws/client: given up at each stage, it calls nothing") {
  WsClientWorld world;
  WebSocketClient client(world.recording());
  ConnectionId id = client.connect(world.url(), world.failed());
  CHECK(client.close(id));
  CHECK_FALSE(client.close(id));
  id = client.connect(world.url(), world.failed());
  Peer peer = world.accept();
  CHECK(client.close(id));
  CHECK_FALSE(client.close(id));
  CHECK(world.take_calls().empty());
  CHECK(world.pool.empty());
  peer = world.open(client);
  CHECK(client.close(world.id));
  CHECK_FALSE(client.close(world.id));
  CHECK(world.said(peer) == Frames{"close:1000"});
  peer.write(server_close(1000));
  CHECK(world.next_calls() == "close 1000 \n");
  peer.close();
  world.wait_until([&] { return world.pool.empty(); });
  CHECK_FALSE(client.close(world.id));
}

TEST_CASE("ws/client: when the process leaves, those being opened fail and the others say goodbye") {
  WsClientWorld world;
  WebSocketClient client(world.recording());
  Peer peer = world.open(client);
  client.connect(world.url(), world.failed());
  Peer second = world.accept();
  world.pool.drain_clients();
  CHECK(world.take_calls() == world.url() + " failed: no WebSocket from " +
                                  world.listening.address.to_string() + ": this process leaves\n");
  CHECK(world.said(peer) == Frames{"close:1001"});
  peer.write(server_close(1001));
  CHECK(world.next_calls() == "close 1001 \n");
  peer.close();
  world.wait_until([&] { return world.pool.empty(); });
  CHECK(world.life.closed[static_cast<size_t>(CloseReason::drained)].value() == 2);
}
