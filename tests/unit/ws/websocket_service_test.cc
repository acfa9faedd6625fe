#include "ws/websocket_service.h"

#include <doctest/doctest.h>

#include "ws/ws_world.h"

#include <oklo/websocket.h>

namespace {

using oklo::CloseReason;
using oklo::WebSocket;
using oklo::codec::FrameOpcode;

struct Vector {
  std::string bytes;
  Frames answer;
  bool ends;
};

std::string kilo(size_t count, char c = 'x') { return std::string(count * 1024, c); }

std::vector<Vector> vectors() {
  return {
      {text_frame("hello"), {"text:hello"}, false},
      {text_frame(""), {"text:"}, false},
      {client_frame(FrameOpcode::binary, "\xff"), {"binary:\xff"}, false},
      {text_frame("a") + text_frame("b"), {"text:a", "text:b"}, false},
      {text_frame("h\xc3", false) + ping_frame("p") + more_frame("\xa4", false) + more_frame(""),
       {"pong:p", "text:h\xc3\xa4"}, false},
      {client_frame(FrameOpcode::pong, "unasked"), {}, false},
      {text_frame(std::string(200, 'y')), {"text:" + std::string(200, 'y')}, false},
      {close_frame(1000, "bye"), {"close:1000"}, true},
      {close_frame(4999) + text_frame("late"), {"close:4999"}, true},
      {client_frame(FrameOpcode::close, ""), {"close:"}, true},
      {text_frame("x") + client_frame(FrameOpcode::close, "x"),
       {"text:x", "close:1002 close frame of one byte"}, true},
      {close_frame(1004), {"close:1002 bad close code"}, true},
      {close_frame(1000, "\xff"), {"close:1007 close reason is not UTF-8"}, true},
      {text_frame("\xff"), {"close:1007 not UTF-8"}, true},
      {text_frame("\xc3", false) + more_frame(""), {"close:1007 not UTF-8"}, true},
      {text_frame("a\xed\xa0", false), {"close:1007 not UTF-8"}, true},
      {text_frame("\xf4\x90" + kilo(1)).substr(0, 10), {"close:1007 not UTF-8"}, true},
      {more_frame("x"), {"close:1002 continuation of nothing"}, true},
      {text_frame("x", false) + text_frame("y"), {"close:1002 message within a message"}, true},
      {client_frame(FrameOpcode::text, "x", true, false), {"close:1002 unmasked frame from a client"}, true},
      {"\xc1", {"close:1002 reserved bit set"}, true},
      {"\x83", {"close:1002 reserved opcode"}, true},
      {"\x09", {"close:1002 fragmented control frame"}, true},
      {"\x89\xfe", {"close:1002 control frame too large"}, true},
  };
}

void check(const Vector& vector, const std::vector<std::string>& pieces) {
  WsWorld world(echo_handlers());
  Client& client = world.open();
  for (const std::string& piece : pieces) {
    client.send(piece);
    world.http->settle();
  }
  CHECK(frames_of(client.received) == vector.answer);
  CHECK(client.ended == vector.ends);
}

}  // namespace

TEST_CASE("ws/service: every vector, whole, byte by byte, and split at each place") {
  for (const Vector& vector : vectors()) {
    CAPTURE(vector.bytes);
    check(vector, {vector.bytes});
    std::vector<std::string> bytes;
    for (char c : vector.bytes) bytes.push_back(std::string(1, c));
    check(vector, bytes);
    for (size_t cut = 1; cut < vector.bytes.size() && vector.bytes.size() < 40; cut++)
      check(vector, {vector.bytes.substr(0, cut), vector.bytes.substr(cut)});
  }
}

TEST_CASE("ws/service: each message counts as a request") {
  WsWorld world(echo_handlers());
  Client& client = world.open();
  uint64_t before = world.http->life.requests.value();
  world.ask(client, text_frame("a") + ping_frame("p") + text_frame("b", false) + more_frame("c"));
  world.ask(client, client_frame(FrameOpcode::binary, "d"));
  CHECK(world.http->life.requests.value() == before + 3);
}

TEST_CASE("ws/service: messages of all sizes, and many in one read") {
  WsWorld world(echo_handlers(), {.message_bytes = 600 * 1024});
  Client& client = world.open();
  for (size_t size : {125, 126, 4096, 4097, 16370, 16384, 65535, 65536, 600 * 1024}) {
    std::string text(size, 'x');
    CHECK(world.ask(client, text_frame(text)) == Frames{"text:" + text});
  }
  std::string all;
  Frames answers;
  for (int i = 0; i < 3000; i++) {
    all += text_frame(std::to_string(i));
    answers.push_back("text:" + std::to_string(i));
  }
  CHECK(world.ask(client, all) == answers);
}

TEST_CASE("ws/service: a message over the limit is refused at its head, alone and in fragments") {
  for (bool fragments : {false, true}) {
    WsWorld world(echo_handlers(), {.message_bytes = 1000});
    Client& client = world.open();
    CHECK(world.ask(client, text_frame(std::string(1000, 'x'))).size() == 1);
    std::string bytes = fragments ? text_frame(std::string(999, 'x'), false) + more_frame("xx").substr(0, 2)
                                  : text_frame(std::string(1001, 'x')).substr(0, 8);
    if (fragments) bytes += more_frame("xx").substr(2, 4);
    CHECK(world.ask(client, bytes) == Frames{"close:1009 message too big"});
    CHECK(world.http->ended_with(CloseReason::message_too_big));
  }
}

TEST_CASE("ws/service: a closing that the server begins waits for its answer") {
  std::vector<std::string> told;
  oklo::WebSocketHandlers handlers;
  handlers.on_message = [](WebSocket& ws, std::string_view) {
    ws.close(4001, "enough");
    ws.close(4002);
    CHECK_FALSE(ws.send("late"));
  };
  handlers.on_close = [&told](WebSocket& ws, uint16_t code, std::string_view reason) {
    CHECK_FALSE(ws.send("late"));
    told.push_back(std::to_string(code) + std::string(reason));
  };
  WsWorld world(std::move(handlers));
  Client& client = world.open();
  CHECK(world.ask(client, text_frame("x") + text_frame("y") + ping_frame("")) == Frames{"close:4001 enough"});
  CHECK_FALSE(client.ended);
  CHECK(told.empty());
  CHECK(world.ask(client, close_frame(4001, "fine")).empty());
  CHECK(told == std::vector<std::string>{"4001fine"});
  CHECK(client.ended);
  client.go_away();
  Client& silent = world.open();
  world.ask(silent, text_frame("x"));
  world.http->until_ended(silent);
  world.http->settle();
  CHECK(told.back() == "1006");
  CHECK(world.http->closed(CloseReason::finished) == 2);
}

TEST_CASE("ws/service: on_close comes once, with what happened") {
  std::vector<int> codes;
  oklo::WebSocketHandlers handlers;
  handlers.on_open = [](WebSocket& ws, const oklo::Request& request) {
    CHECK(request.query() == "a=b");
    CHECK(ws.state<int>() == 0);
    ws.state<int>() = 7;
  };
  handlers.on_message = [](WebSocket& ws, std::string_view) { ws.state<int>()++; };
  handlers.on_close = [&codes](WebSocket& ws, uint16_t code, std::string_view) {
    CHECK(ws.state<int>() == 8);
    codes.push_back(code);
  };
  WsWorld world(std::move(handlers));
  for (const std::string& end : {close_frame(1001), client_frame(FrameOpcode::close, ""), more_frame("x"),
                                 client_frame(FrameOpcode::binary, "x"), std::string()}) {
    Client& client = world.open();
    world.ask(client, text_frame("x") + end);
    client.go_away();
    world.http->settle();
  }
  CHECK(codes == std::vector<int>{1001, 1005, 1002, 1003, 1006});
}

TEST_CASE("ws/service: a client that is silent is asked, and lost when it does not answer") {
  WsWorld world(echo_handlers(), {.ping_ms = 30});
  Client& client = world.open();
  auto pinged = [&client] { return frames_of(client.received) == Frames{"ping:"}; };
  for (int i = 0; i < 3; i++) {
    world.http->until(pinged);
    client.received.clear();
    client.send(client_frame(FrameOpcode::pong, ""));
  }
  world.http->until(pinged);
  world.http->until_ended(client);
  CHECK(world.http->ended_with(CloseReason::idle_timeout));
}

TEST_CASE("ws/service: without a message for too long it is told to go") {
  WsWorld world(echo_handlers(), {.ping_ms = 0, .idle_ms = 30});
  Client& client = world.open();
  world.http->until([&client] { return !client.received.empty(); });
  CHECK(frames_of(client.received) == Frames{"close:1001 idle"});
  client.send(close_frame(1001));
  CHECK(world.http->ended_with(CloseReason::idle_timeout));
}

TEST_CASE("ws/service: a stop says going away, a reload nothing") {
  WsWorld world(echo_handlers());
  Client& client = world.open();
  world.http->drain(oklo::DrainMode::reload);
  CHECK(world.ask(client, text_frame("still here")) == Frames{"text:still here"});
  Client& late = world.http->connect();
  late.send(WsWorld::handshake());
  world.http->settle();
  CHECK(late.answer().status == 503);
  late.go_away();
  world.http->settle();
  uint64_t drained = world.http->closed(CloseReason::drained);
  world.http->drain(oklo::DrainMode::stop);
  CHECK(world.ask(client, close_frame(1001)) == Frames{"close:1001"});
  client.go_away();
  world.http->settle();
  CHECK(world.http->closed(CloseReason::drained) == drained + 1);
}

TEST_CASE("ws/service: who closes only its sending side still gets the answers") {
  WsWorld world(echo_handlers());
  Client& client = world.open();
  client.send(text_frame("a") + text_frame(kilo(400)) + text_frame("b"));
  world.http->turn();
  world.http->settle();
  client.finish();
  world.http->settle();
  CHECK(frames_of(client.received) == Frames{"text:a", "text:" + kilo(400), "text:b"});
  CHECK(client.ended);
}

TEST_CASE("ws/service: one that sends and does not read is not read, and loses nothing") {
  for (size_t size : {1, 64}) {
    WsWorld world(echo_handlers(), {.queue_bytes = static_cast<uint32_t>(size * 16 * 1024)});
    Client& client = world.open();
    client.reads = false;
    std::string bytes;
    for (size_t i = 0; i < 2560 / size; i++) bytes += text_frame(kilo(size));
    client.send(bytes);
    world.http->settle();
    CHECK(world.http->life.bytes_in.value() < bytes.size());
    client.reads = true;
    world.http->settle();
    CHECK(frames_of(client.received) == Frames(2560 / size, "text:" + kilo(size)));
  }
}
