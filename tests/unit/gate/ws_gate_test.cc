#include "gate/ws_gate.h"

#include <string>
#include <vector>

#include "http_gate_world.h"
#include "ws/ws_world.h"

#include <oklo/room.h>

using namespace gate_test;

namespace {

std::string ends;  // what on_close was told
Function<void()> on_message_of;

// "+room" joins, "-room" leaves, "room:text" sends, "=text" comes back, "close" closes.
void chat(Router& site) {
  ends.clear();
  WebSocketHandlers handlers;
  handlers.on_open = [](WebSocket& ws, const Request&) {
    CHECK(ws.send("hello"));
    CHECK(ws.join("all"));
    CHECK(room("all").send("joined"));
  };
  handlers.on_message = [](WebSocket& ws, std::string_view text) {
    size_t colon = text.find(':');
    if (on_message_of) on_message_of();
    if (text[0] == '+') CHECK(ws.join(text.substr(1)));
    else if (text[0] == '-') ws.leave(text.substr(1));
    else if (text[0] == '=') CHECK(ws.send(text.substr(1)));
    else if (text == "close") ws.close(3001, "enough");
    else if (colon != text.npos) CHECK(room(text.substr(0, colon)).send(text.substr(colon + 1)));
  };
  handlers.on_binary = [](WebSocket& ws, std::string_view bytes) { ws.send_binary(bytes); };
  handlers.on_close = [](WebSocket& ws, uint16_t code, std::string_view reason) {
    CHECK_FALSE(ws.send("too late"));
    ends += std::to_string(code) + " " + std::string(reason) + ";";
  };
  site.websocket("/", std::move(handlers));
}

struct Chat : SiteWorld {
  explicit Chat(GateOptions of = {}) : SiteWorld(chat, std::move(of)) {}
  // With the frames that come behind the answer.
  Peer join(std::string_view behind = {}, Frames* got = nullptr) {
    Peer peer = SiteWorld::open();
    std::string text = ask(peer, WsWorld::handshake() + std::string(behind));
    REQUIRE(text.starts_with("HTTP/1.1 101"));
    Frames frames = frames_of(text.substr(text.find("\r\n\r\n") + 4));
    if (got) *got = frames;
    return peer;
  }
  Frames say(Peer& peer, std::string_view bytes) { return frames_of(ask(peer, bytes)); }
  Frames text(Peer& peer, std::string_view payload) { return say(peer, text_frame(payload)); }
};

}  // namespace

TEST_CASE("gate/ws: it opens, and who joins a room gets what is sent there from then on") {
  Chat world;
  Frames got;
  Peer first = world.join({}, &got);
  CHECK(got == Frames{"text:hello", "text:joined"});
  Peer second = world.join({}, &got);
  CHECK(got == Frames{"text:hello", "text:joined"});
  CHECK(world.say(first, "") == Frames{"text:joined"});
  CHECK(world.text(first, "=own") == Frames{"text:own"});
  CHECK(world.text(first, "+a") == Frames{});
  CHECK(world.text(second, "a:secret") == Frames{});
  CHECK(world.say(first, "") == Frames{"text:secret"});
  std::string many = text_frame("a:1") + text_frame("=2") + text_frame("a:3");
  many += text_frame("-a") + text_frame("a:4");
  CHECK(world.say(first, many) == Frames{"text:1", "text:2", "text:3"});
}

TEST_CASE("gate/ws: frames that stand behind the request are read when it is a WebSocket") {
  Chat world;
  Frames got;
  Peer peer = world.join(text_frame("=1") + ping_frame("p") + text_frame("=2"), &got);
  CHECK(got == Frames{"text:hello", "text:joined", "text:1", "pong:p", "text:2"});
  std::string much;
  for (int i = 0; i < 1000; i++) much += text_frame("=a message of some length: " + std::to_string(i));
  Peer busy = world.join(much, &got);
  got.erase(got.begin(), got.begin() + 2);
  CHECK(got.size() == 1000);
  CHECK(got.back() == "text:a message of some length: 999");
}

TEST_CASE("gate/ws: long messages, fragments and bytes") {
  Chat world;
  Peer peer = world.join();
  std::string large(300'000, 'x');
  std::string frame = client_frame(codec::FrameOpcode::binary, large);
  std::string got;
  for (std::string_view rest = frame; !rest.empty(); got += peer.read()) {
    rest.remove_prefix(peer.write(rest));
    world.turn();
  }
  if (got.size() < large.size()) got += world.read(peer, large.size() - got.size());
  got += world.ask(peer, "");
  Frames frames = frames_of(got);
  REQUIRE(frames.size() == 1);
  CHECK((frames[0] == "binary:" + large));
  std::string parts = text_frame("=one", false) + ping_frame("in between") + more_frame(" two");
  CHECK(world.say(peer, parts) == Frames{"pong:in between", "text:one two"});
  CHECK(world.say(peer, text_frame("\xff")) == Frames{"close:1007 not UTF-8"});
}

TEST_CASE("gate/ws: a message counts as a request of the worker that handles it, and of nobody else") {
  Chat world;
  Peer peer = world.join();
  CHECK(world.worker().context.row->requests.value() == 1);
  CHECK(world.text(peer, "=a") == Frames{"text:a"});
  CHECK(world.say(peer, client_frame(codec::FrameOpcode::binary, "b") + ping_frame("p")) ==
        Frames{"binary:b", "pong:p"});
  CHECK(world.worker().context.row->requests.value() == 3);
  CHECK(world.scoreboard.life(0).requests.value() == 0);
}

TEST_CASE("gate/ws: the close of either side is told once") {
  Chat world;
  Peer first = world.join();
  CHECK(world.say(first, close_frame(1000, "bye")) == Frames{"close:1000"});
  CHECK(first.ended());
  first.close();
  world.turns(5);
  CHECK(ends == "1000 bye;");
  Peer second = world.join();
  CHECK(world.text(second, "close") == Frames{"close:3001 enough"});
  CHECK(world.say(second, close_frame(3001)) == Frames{});
  second.close();
  world.turns(5);
  CHECK(ends == "1000 bye;3001 ;");
  Peer third = world.join();
  third.close();
  world.turns(5);
  CHECK(ends == "1000 bye;3001 ;1006 ;");
  CHECK(world.is_clean());
}

TEST_CASE("gate/ws: who sends a message and goes away without a word still gets the answer") {
  Chat world;
  Peer peer = world.join();
  peer.write(text_frame("=answer"));
  peer.finish();
  CHECK(frames_of(world.read_all(peer)) == Frames{"text:answer"});
}

TEST_CASE("gate/ws: a message in the hands of a dead worker") {
  for (OnWorkerDeath mode : {OnWorkerDeath::close, OnWorkerDeath::lose, OnWorkerDeath::redeliver}) {
    Chat world({.on_death = mode});
    Peer peer = world.join();
    peer.write(text_frame("=one") + ping_frame("p") + text_frame("=two"));
    int end = world.wires->worker_end(0, 0);
    sys::Fd kept(fcntl(end, F_DUPFD_CLOEXEC, 0));
    bool cut = false;
    on_message_of = [&] {  // What it says from here on leaves no more.
      dup2(world.null.get(), end);
      cut = true;
    };
    world.turn_until([&] { return cut; });
    on_message_of = {};
    dup2(kept.get(), end);
    world.kill(0);
    world.start(0);
    Frames got = world.say(peer, "");
    if (mode == OnWorkerDeath::close) CHECK(got == Frames{"close:1011 the worker died"});
    if (mode == OnWorkerDeath::lose) CHECK(got == Frames{"pong:p", "text:two"});
    if (mode == OnWorkerDeath::redeliver) CHECK(got == Frames{"text:one", "pong:p", "text:two"});
  }
}

TEST_CASE("gate/ws: one that opens while the thread stops is sent away") {
  Chat world;
  Peer peer = world.open();
  world.worker().end.read(false);
  world.turn();
  peer.write(WsWorld::handshake());
  world.turns(3);
  world.gate->pool.drain(DrainMode::stop);
  world.worker().end.read(true);
  std::string text = world.ask(peer, "");
  REQUIRE(text.starts_with("HTTP/1.1 101"));
  Frames frames = frames_of(text.substr(text.find("\r\n\r\n") + 4));
  CHECK(frames.back() == "close:1001");
  world.ask(peer, close_frame(1001));
  peer.close();
  CHECK(world.is_clean());
}

TEST_CASE("gate/ws: what a handler sends at once has the bound of the queue") {
  static size_t taken;
  auto flood = [](WebSocket& ws, std::string_view text) {
    std::string piece(1000, text[0]);
    for (taken = 0; taken < 100'000 && ws.send(piece);) taken += piece.size();
  };
  for (SlowReceiver slow : {SlowReceiver::close_1013, SlowReceiver::drop_oldest}) {
    WebSocketOptions options;
    options.queue_bytes = 20'000;
    options.slow_receiver = slow;
    SiteWorld world([&](Router& site) { site.websocket("/", {.on_message = flood}, options); });
    Peer peer = world.SiteWorld::open();
    REQUIRE(world.ask(peer, WsWorld::handshake()).starts_with("HTTP/1.1 101"));
    Frames got = frames_of(world.ask(peer, text_frame("x")));
    CHECK(taken == 19'000);
    bool closes = slow == SlowReceiver::close_1013;
    REQUIRE(got.size() == (closes ? 20 : 19));
    if (closes) CHECK(got.back() == "close:1013 too slow");
    CHECK(world.worker().context.row->messages_dropped.value() == !closes);
  }
}

TEST_CASE("gate/ws: what no worker says does no harm to WebSockets") {
  Chat world;
  Peer peer = world.join();
  ConnectionId id;
  world.gate->pool.for_each([&](net::Connection& connection) { id = connection.id(); });
  auto refused = [&](Said type, uint16_t flags, std::string_view bytes) {
    int before = world.gate->broken;
    world.worker().end.say(0, type, id, 0, flags, bytes);
    world.turns(3);
    return world.gate->broken == before + 1;
  };
  CHECK(refused(Said::ws_close, 0, ""));
  CHECK(refused(Said::ws_close, 1006, ""));
  CHECK(refused(Said::ws_close, 0x7fff, ""));
  CHECK(refused(Said::ws_join, 0, std::string(300, 'r')));
  // Frames for a room that are no frames: who is too slow has them dropped, frame by frame.
  uint16_t to_all = static_cast<uint16_t>(Relay::Kind::all);
  for (int i = 0; i < 400; i++)
    world.worker().end.say(0, Said::relay, connection_id(0), 0, to_all, std::string(100'000, '\x7f'));
  world.turn_until([&] { return world.worker().end.all_left(); });
  world.turns(100);
  CHECK(world.gate->broken == 4);
  Peer other = world.join();
  CHECK_FALSE(refused(Said::http_output, 0, "late"));
  CHECK(world.text(other, "=fine") == Frames{"text:fine"});
  CHECK_FALSE(refused(Said::ws_close, 1000, std::string(5000, 'x')));
}
