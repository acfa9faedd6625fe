#include "ws/hub.h"

#include <doctest/doctest.h>

#include <fcntl.h>

#include <algorithm>

#include "shm/connection_rows.h"
#include "ws/ws_world.h"

#include <oklo/room.h>

namespace {

using oklo::CloseReason;
using oklo::SlowReceiver;
using oklo::WebSocket;
using oklo::codec::FrameOpcode;
using oklo::ws::Hub;

// "+room" joins, "-room" leaves, "room:text" sends, "=text" comes back, "!text" goes to all. Where there are
// two hubs in the process, what is public finds the last one, so a world may be named whose hub it is.
oklo::WebSocketHandlers chat(const WsWorld* world = nullptr) {
  oklo::WebSocketHandlers handlers;
  handlers.on_message = [world](WebSocket& ws, std::string_view text) {
    Hub& hub = world ? *world->hub : *Hub::current();
    size_t colon = text.find(':');
    if (text[0] == '+') CHECK(ws.join(text.substr(1)));
    else if (text[0] == '-') ws.leave(text.substr(1));
    else if (text[0] == '=') ws.send(text.substr(1));
    else if (text[0] == '!') CHECK(hub.send_to_all(FrameOpcode::text, text.substr(1)));
    else CHECK(hub.send_to_room(text.substr(0, colon), FrameOpcode::text, text.substr(colon + 1)));
  };
  handlers.on_close = [](WebSocket& ws, uint16_t code, std::string_view) {
    ws.room("a").send(std::to_string(code));
  };
  return handlers;
}

Frames take(Client& client) { return frames_of(std::exchange(client.received, {})); }

Frames texts(std::initializer_list<std::string> list) {
  Frames frames;
  for (const std::string& text : list) frames.push_back("text:" + text);
  return frames;
}

// Two workers that share what a master makes.
struct TwoWorkers {
  oklo::Scoreboard scoreboard = oklo::Scoreboard::create(3, 2).value();
  oklo::Broadcast broadcast = oklo::Broadcast::create(3).value();
  oklo::ConnectionTable connections = oklo::ConnectionTable::create(64).value();
  oklo::sys::Fd null{open("/dev/null", O_WRONLY | O_CLOEXEC)};
  oklo::Log log{null.get(), "worker"};
  WsWorld first{chat(&first)};
  WsWorld second{chat(&second)};

  TwoWorkers() {
    share(first);
    share(second);
  }
  void share(WsWorld& world) {
    uint32_t life = static_cast<uint32_t>(scoreboard.begin_life(0, 1, 0));
    world.share(scoreboard.life(life), {&broadcast, &scoreboard, &connections, life, &log});
  }
  void settle() {
    for (int i = 0; i < 3; i++) {
      first.http->settle();
      second.http->settle();
    }
  }
};

}  // namespace

TEST_CASE("ws/hub: a room reaches by a road whom a road leads to") {
  TwoWorkers workers;
  struct Road final : oklo::Relay::Road {
    explicit Road(WsWorld& world) : to(world) {}
    bool leads_to(uint32_t) const override { return true; }
    bool carry(uint32_t, oklo::Relay::Kind kind, uint64_t target, std::string_view payload) override {
      to.relay->take(kind, target, payload);
      return true;
    }
    WsWorld& to;
  } road(workers.second);
  workers.first.relay->take_road(&road);
  Client& a = workers.first.open();
  Client& b = workers.second.open();
  workers.second.ask(b, text_frame("+r"));
  std::string bytes = text_frame("r:1") + text_frame("s:2") + text_frame("r:3") + text_frame("!4");
  CHECK(workers.first.ask(a, bytes) == texts({"4"}));
  workers.settle();
  CHECK(take(b) == texts({"1", "3", "4"}));
}

TEST_CASE("ws/hub: a room is who joined it") {
  WsWorld world(chat());
  Client& a = world.open();
  Client& b = world.open();
  Client& c = world.open();
  CHECK(world.ask(a, text_frame("+r") + text_frame("+r") + text_frame("r:1")) == texts({"1"}));
  world.ask(b, text_frame("+r") + text_frame("+s"));
  world.ask(c, text_frame("r:2") + text_frame("s:3"));
  CHECK(take(a) == texts({"2"}));
  CHECK(take(b) == texts({"2", "3"}));
  CHECK(c.received.empty());
  world.ask(b, text_frame("-r") + text_frame("-r") + text_frame("-nowhere") + text_frame("r:4"));
  CHECK(take(a) == texts({"4"}));
  CHECK(b.received.empty());
  world.ask(c, text_frame("!5"));
  CHECK(take(a) == texts({"5"}));
  CHECK(take(b) == texts({"5"}));
  b.go_away();
  world.http->settle();
  world.ask(a, text_frame("s:6") + text_frame("r:7"));
  CHECK(world.http->life.websockets.load() == 2);
}

TEST_CASE("ws/hub: what one connection gets comes in the order in which it was sent") {
  WsWorld world(chat());
  Client& a = world.open();
  std::string bytes;
  for (const char* text :
       {"r:0", "+r", "r:1", "r:2", "=3", "+s", "s:4", "r:5", "=6", "!7", "-r", "r:8", "s:9"})
    bytes += text_frame(text);
  CHECK(world.ask(a, bytes) == texts({"1", "2", "3", "4", "5", "6", "7", "9"}));
}

TEST_CASE("ws/hub: a farewell from on_close reaches the room") {
  WsWorld world(chat());
  Client& a = world.open();
  Client& b = world.open();
  world.ask(a, text_frame("+a"));
  world.ask(b, text_frame("+a") + close_frame(3000));
  CHECK(take(a) == texts({"3000"}));
  Client& c = world.open();
  world.ask(c, text_frame("+a"));
  c.go_away();
  world.http->settle();
  CHECK(take(a) == texts({"1006"}));
}

TEST_CASE("ws/hub: names and messages have a limit") {
  WsWorld world(chat());
  world.open();
  std::string long_name(oklo::Room::kNameBytesMax + 1, 'n');
  std::string long_text(oklo::Room::kMessageBytesMax + 1, 't');
  CHECK_FALSE(oklo::room(long_name).send("x"));
  CHECK(oklo::room(long_name.substr(1)).send("x"));
  CHECK_FALSE(oklo::room("r").send_binary(long_text));
  CHECK_FALSE(oklo::send_to_all(long_text));
  CHECK(oklo::room("r").send_binary(long_text.substr(1)));
  CHECK_FALSE(oklo::send_to({}, "x"));
  world.http->settle();
}

TEST_CASE("ws/hub: without a hub nobody is there") {
  CHECK_FALSE(oklo::room("r").send("x"));
  CHECK_FALSE(oklo::send_binary_to_all("x"));
  CHECK_FALSE(oklo::send_to({1, 1}, "x"));
  CHECK_FALSE(oklo::is_open({1, 1}));
}

TEST_CASE("ws/hub: one who is slow misses the oldest") {
  WsWorld world(chat(), {.queue_bytes = 100'000, .slow_receiver = SlowReceiver::drop_oldest});
  Client& slow = world.open();
  Client& quick = world.open();
  world.ask(slow, text_frame("+r"));
  world.ask(quick, text_frame("+r"));
  slow.reads = false;
  std::string filler(20'000, 'x');
  for (int i = 0; i < 100; i++)
    CHECK(world.ask(quick, text_frame("r:" + std::to_string(i) + filler)).size() == 1);
  CHECK(world.http->life.messages_dropped.value() > 0);
  slow.reads = true;
  world.http->settle();
  Frames got = take(slow);
  CHECK(got.size() + world.http->life.messages_dropped.value() == 100);
  CHECK(got.front() == "text:0" + filler);
  CHECK(got.back() == "text:99" + filler);
  CHECK(world.ask(slow, text_frame("=fine")) == texts({"fine"}));
}

TEST_CASE("ws/hub: or it is sent away, and hears why when it reads again") {
  WsWorld world(chat(), {.queue_bytes = 100'000});
  Client& slow = world.open();
  Client& quick = world.open();
  world.ask(slow, text_frame("+a"));
  world.ask(quick, text_frame("+a"));
  slow.reads = false;
  std::string filler(20'000, 'x');
  for (int i = 0; i < 100; i++) CHECK(world.ask(quick, text_frame("a:" + filler)).size() == 1);
  slow.reads = true;
  world.http->settle();
  Frames got = take(slow);
  CHECK(got.back() == "close:1013 too slow");
  CHECK(slow.ended);
  slow.go_away();
  world.http->settle();
  CHECK(take(quick) == texts({"1013"}));
  CHECK(world.http->closed(CloseReason::queue_full) == 1);
}

TEST_CASE("ws/hub: rooms span workers, and nobody hears himself twice") {
  TwoWorkers workers;
  Client& a = workers.first.open();
  Client& b = workers.second.open();
  workers.first.ask(a, text_frame("+r"));
  workers.second.ask(b, text_frame("+r") + text_frame("+s"));
  a.send(text_frame("r:1") + text_frame("r:2") + text_frame("s:3"));
  b.send(text_frame("r:4") + text_frame("!5"));
  workers.settle();
  Frames at_a = take(a), at_b = take(b);
  CHECK(at_a.size() == 4);
  CHECK(at_b.size() == 5);
  auto has = [](const Frames& list, Frames wanted) {
    auto at = std::search(list.begin(), list.end(), wanted.begin(), wanted.end());
    return at != list.end();
  };
  CHECK(has(at_a, texts({"1", "2"})));
  CHECK(has(at_a, texts({"4", "5"})));
  CHECK(has(at_b, texts({"1", "2", "3"})));
  CHECK(has(at_b, texts({"4", "5"})));
}

TEST_CASE("ws/hub: a worker that is too slow is told what it missed, and goes on") {
  TwoWorkers workers;
  Client& a = workers.first.open();
  Client& b = workers.second.open();
  workers.second.ask(b, text_frame("+r"));
  std::string filler(100'000, 'x');
  for (int i = 0; i < 30; i++) workers.first.ask(a, text_frame("r:" + std::to_string(i) + filler));
  workers.settle();
  Frames got = take(b);
  uint64_t missed = workers.scoreboard.life(1).broadcasts_missed.value();
  CHECK(missed > 0);
  CHECK(got.size() + missed == 30);
  CHECK(got.back() == "text:29" + filler);
  workers.first.ask(a, text_frame("r:more"));
  workers.settle();
  CHECK(take(b) == texts({"more"}));
}

TEST_CASE("ws/hub: more records than one turn reads") {
  TwoWorkers workers;
  Client& a = workers.first.open();
  Client& b = workers.second.open();
  workers.second.ask(b, text_frame("+r") + text_frame("+s"));
  std::string bytes;
  Frames wanted;
  for (int i = 0; i < 3000; i++) {
    bytes += text_frame((i % 2 ? "r:" : "s:") + std::to_string(i));
    wanted.push_back("text:" + std::to_string(i));
  }
  workers.first.ask(a, bytes);
  workers.settle();
  CHECK(take(b) == wanted);
}

TEST_CASE("ws/hub: who is open is known here") {
  WsWorld world(chat());
  oklo::ConnectionId id;
  oklo::WebSocketHandlers handlers;
  handlers.on_open = [&id](WebSocket& ws) { id = ws.id(); };
  WsWorld other(std::move(handlers));
  Client& a = other.open();
  CHECK(oklo::is_open(id));
  CHECK_FALSE(oklo::is_open({id.row, id.generation + 2}));
  CHECK_FALSE(oklo::is_open({}));
  a.go_away();
  other.http->settle();
  CHECK_FALSE(oklo::is_open(id));
}

TEST_CASE("ws/hub: and in another worker, as long as that lives") {
  TwoWorkers workers;
  oklo::ConnectionRows rows(workers.connections, 0);
  oklo::ConnectionId id = rows.open();
  const oklo::Relay& relay = *workers.second.relay;
  CHECK_FALSE(relay.is_open(id));
  rows.row(id).kind = oklo::ConnectionKind::websocket;
  CHECK(relay.is_open(id));
  CHECK_FALSE(relay.is_open({id.row, id.generation + 2}));
  CHECK_FALSE(relay.is_open({workers.connections.size(), 1}));
  workers.connections.reclaim(0);
  CHECK_FALSE(relay.is_open(id));
  oklo::ConnectionId next = rows.open();
  rows.row(next).kind = oklo::ConnectionKind::websocket;
  CHECK(relay.is_open(next));
  workers.scoreboard.end_life(0);
  CHECK_FALSE(relay.is_open(next));
}

TEST_CASE("ws/hub: one is reached and closed by its id") {
  std::vector<oklo::ConnectionId> ids;
  oklo::WebSocketHandlers handlers = chat();
  handlers.on_open = [&ids](WebSocket& ws) { ids.push_back(ws.id()); };
  std::vector<uint16_t> codes;
  handlers.on_close = [&codes](WebSocket&, uint16_t code, std::string_view) { codes.push_back(code); };
  WsWorld world(std::move(handlers));
  Client& a = world.open();
  Client& b = world.open();
  world.ask(a, text_frame("+r"));
  CHECK(oklo::room("r").send("1"));
  CHECK(oklo::send_to(ids[0], "2"));
  CHECK(oklo::send_binary_to(ids[0], "3"));
  CHECK(oklo::room("r").send("4"));
  CHECK(oklo::close_connection(ids[0]));
  CHECK_FALSE(oklo::close_connection(ids[0]));
  CHECK_FALSE(oklo::send_to(ids[0], "5"));
  CHECK(codes.empty());
  world.http->settle();
  CHECK(take(a) == Frames{"text:1", "text:2", "binary:3", "text:4", "close:1000"});
  CHECK(world.ask(a, close_frame(1000)).empty());
  a.go_away();
  world.http->settle();
  CHECK(codes == std::vector<uint16_t>{1000});
  CHECK_FALSE(oklo::is_open(ids[0]));
  CHECK(oklo::is_open(ids[1]));
  CHECK(b.received.empty());
}

TEST_CASE("ws/hub: a connection of HTTP has no name for others") {
  WsWorld world(chat());
  world.http->connect();
  world.http->settle();
  oklo::ConnectionId id;
  world.http->pool().for_each([&id](oklo::net::Connection& each) { id = each.id(); });
  CHECK_FALSE(oklo::is_open(id));
  CHECK_FALSE(oklo::send_to(id, "x"));
  CHECK_FALSE(oklo::close_connection(id));
  CHECK(world.http->connections() == 1);
}
