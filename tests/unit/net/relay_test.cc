#include "net/relay.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "net/peer.h"
#include "net/turns.h"

#include <oklo/room.h>

namespace {

using oklo::ConnectionId;
using oklo::ConnectionKind;
using oklo::LifeRow;
using oklo::Payload;
using oklo::Relay;

// Takes what comes by id, and knows groups.
class Ears final : public oklo::Protocol, public Relay::Groups {
 public:
  std::string heard;
  std::string unsent;  // goes to all when it must
  Relay* relay = nullptr;

  void on_open(oklo::net::Connection&) override {}
  void on_data(oklo::net::Connection&) override {}
  void on_end(oklo::net::Connection&) override {}
  void on_drained(oklo::net::Connection&) override {}
  void on_deadline(oklo::net::Connection&) override {}
  void on_drain(oklo::net::Connection&, oklo::DrainMode) override {}
  void on_close(oklo::net::Connection&, oklo::CloseReason) override {}
  bool send_by_id(oklo::net::Connection&, Payload payload, std::string_view bytes) override {
    heard.append(payload == Payload::text ? "text:" : "binary:").append(bytes.substr(0, 100)).append(" ");
    return true;
  }
  bool close_by_id(oklo::net::Connection& connection) override {
    heard += "close ";
    connection.abort(oklo::CloseReason::finished);
    return true;
  }

  void flush() override {
    if (unsent.empty()) return;
    std::string bytes = std::exchange(unsent, {});
    relay->publish(Relay::Kind::room, "name", bytes, [](const LifeRow& life) { return life.websockets > 0; });
  }
  void take(Relay::Kind kind, oklo::BroadcastMessage& message) override {
    CHECK(kind == Relay::Kind::room);
    heard.append(message.payload).append(std::to_string(message.target)).append(" ");
  }
};

// What the processes of a test share.
struct Common {
  oklo::Scoreboard scoreboard = oklo::Scoreboard::create(4, 4).value();
  oklo::Broadcast broadcast = oklo::Broadcast::create(5).value();
  oklo::ConnectionTable connections = oklo::ConnectionTable::create(1024).value();
  oklo::sys::Fd null{open("/dev/null", O_WRONLY | O_CLOEXEC)};
  oklo::Log log{null.get(), "worker"};
};

// One of them. Which relay of this process is the current one does not matter: none asks for it.
struct Place : Turns {
  uint32_t life;
  oklo::ConnectionPool pool;
  Ears ears;
  Relay relay;
  oklo::Endpoint endpoint;

  explicit Place(Common& common, bool hears = true)
      : life(static_cast<uint32_t>(common.scoreboard.begin_life(0, 1, 0))),
        pool(*reactor, common.connections, common.scoreboard.life(life), life, 64),
        relay(*reactor, common.scoreboard.life(life),
              {&common.broadcast, &common.scoreboard, &common.connections, life, &common.log},
              hears ? &pool : nullptr),
        endpoint(pool.make_endpoint(ears)) {
    ears.relay = &relay;
    relay.attach(&ears);
    REQUIRE(relay.start().ok());
  }
  ~Place() {
    pool.abort_all();
    turn();
  }
  // A connection of that kind, whose client is gone already.
  ConnectionId open(ConnectionKind kind = ConnectionKind::stream) {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    peers.emplace_back(oklo::sys::Fd(ends[1]));
    endpoint.kind = kind;
    pool.open(endpoint, oklo::sys::Fd(ends[0]), oklo::sys::Address(), false);
    ConnectionId id;
    pool.for_each([&id](oklo::net::Connection& each) { id = each.id(); });
    return id;
  }
  std::string heard() {
    turn();
    return std::exchange(ears.heard, {});
  }

  std::vector<Peer> peers;
};

// A road to some lives, which carries when the test wants.
class FakeRoad final : public Relay::Road {
 public:
  struct Record {
    uint32_t life;
    Relay::Kind kind;
    uint64_t target;
    std::string payload;
  };
  std::vector<uint32_t> lives;
  std::vector<Record> records;
  size_t records_max = SIZE_MAX;

  bool leads_to(uint32_t life) const override { return std::count(lives.begin(), lives.end(), life) > 0; }
  bool carry(uint32_t life, Relay::Kind kind, uint64_t target, std::string_view payload) override {
    if (records.size() == records_max) return false;
    records.push_back({life, kind, target, std::string(payload)});
    return true;
  }
  // All that is under way to that one arrives.
  void arrive(Place& place) {
    for (const Record& record : records)
      if (record.life == place.life) place.relay.take(record.kind, record.target, record.payload);
    std::erase_if(records, [&place](const Record& record) { return record.life == place.life; });
  }
};

bool has_websockets(const LifeRow& life) { return life.websockets > 0; }

}  // namespace

TEST_CASE("net/relay: a connection of this process is reached at once") {
  Common common;
  Place here(common);
  ConnectionId id = here.open();
  CHECK(here.relay.is_open(id));
  CHECK(here.relay.send_to(id, Payload::text, "a"));
  CHECK(here.relay.send_to(id, Payload::binary, std::string(1 << 20, 'b')));
  CHECK(here.ears.heard == "text:a binary:" + std::string(100, 'b') + " ");
  CHECK(here.relay.close(id));
  CHECK_FALSE(here.relay.is_open(id));
  CHECK_FALSE(here.relay.send_to(id, Payload::text, "c"));
  CHECK_FALSE(here.relay.close(id));
  here.turn();
  CHECK_FALSE(here.relay.is_open(id));
}

TEST_CASE("net/relay: one of another is reached when the turn ends, in order, between what groups sent") {
  Common common;
  Place here(common), there(common);
  ConnectionId id = there.open(ConnectionKind::websocket);
  common.scoreboard.life(there.life).websockets = 1;
  CHECK(here.relay.is_open(id));
  here.ears.unsent = "first:";
  CHECK(here.relay.send_to(id, Payload::text, "a"));
  CHECK(here.relay.send_to(id, Payload::binary, "b"));
  here.ears.unsent = "second:";
  here.relay.end_turn_later();
  CHECK(there.heard().empty());
  here.turn();
  CHECK(there.heard() == "first:name4 text:a binary:b second:name4 ");
  CHECK(here.relay.send_to(id, Payload::text, "c"));
  CHECK(here.relay.close(id));
  CHECK(here.relay.send_to(id, Payload::text, "too late, and nobody knows yet"));
  here.turn();
  CHECK(there.heard() == "text:c close ");
  CHECK_FALSE(here.relay.is_open(id));
  CHECK_FALSE(here.relay.send_to(id, Payload::text, "d"));
  CHECK(here.ears.heard.empty());
}

TEST_CASE("net/relay: a name that is of nobody, or of who has no name for others, reaches nobody") {
  Common common;
  Place here(common), there(common);
  ConnectionId id = there.open(), http = there.open(ConnectionKind::http), own = here.open();
  for (ConnectionId wrong : {ConnectionId{}, ConnectionId{id.row, id.generation + 2},
                             ConnectionId{id.row, id.generation + 1}, ConnectionId{id.row + 1, 0}, http,
                             ConnectionId{own.row, own.generation + 2}, ConnectionId{1 << 20, 1},
                             ConnectionId{UINT32_MAX, UINT32_MAX}}) {
    CHECK_FALSE(here.relay.is_open(wrong));
    CHECK_FALSE(here.relay.send_to(wrong, Payload::text, "x"));
    CHECK_FALSE(here.relay.close(wrong));
  }
  CHECK_FALSE(here.relay.send_to(id, Payload::text, std::string(oklo::Room::kMessageBytesMax + 1, 'x')));
  CHECK(here.relay.send_to(id, Payload::text, std::string(oklo::Room::kMessageBytesMax, 'x')));
  here.turn();
  CHECK(there.heard() == "text:" + std::string(100, 'x') + " ");
}

TEST_CASE("net/relay: a row that is used again is another connection, and the dead have none") {
  Common common;
  Place here(common), there(common);
  ConnectionId before = there.open();
  there.pool.abort_all();
  there.turn();
  ConnectionId after = there.open();
  REQUIRE(after.row == before.row);
  CHECK_FALSE(here.relay.send_to(before, Payload::text, "x"));
  CHECK(here.relay.send_to(after, Payload::text, "y"));
  here.turn();
  CHECK(there.heard() == "text:y ");
  common.scoreboard.end_life(there.life);
  CHECK_FALSE(here.relay.send_to(after, Payload::text, "x"));
}

TEST_CASE("net/relay: a record for a connection that is gone when it is read harms nobody") {
  Common common;
  Place here(common), there(common);
  ConnectionId id = there.open();
  CHECK(here.relay.send_to(id, Payload::text, "x"));
  here.turn();
  there.pool.abort_all();
  CHECK(there.heard().empty());
  CHECK(there.open().row == id.row);
  CHECK(there.heard().empty());
}

TEST_CASE("net/relay: without connections of its own a process only sends") {
  Common common;
  Place there(common), sender(common, false);
  oklo::LifeRow row = {};
  auto reactor = oklo::Reactor::create(1024).value();
  uint32_t beyond = common.scoreboard.size();  // as the master has it
  oklo::RelayShare share{&common.broadcast, &common.scoreboard, &common.connections, beyond, &common.log};
  Relay master(*reactor, row, share, nullptr);
  REQUIRE(master.start().ok());
  ConnectionId id = there.open();
  CHECK(sender.relay.find(id) == nullptr);
  CHECK(sender.relay.send_to(id, Payload::text, "a"));
  CHECK(master.send_to(id, Payload::text, "b"));
  sender.turn();
  reactor->post([] {});
  reactor->run_once();
  CHECK(there.heard() == "text:a text:b ");
}

TEST_CASE("net/relay: at once is before the turn ends") {
  Common common;
  Place here(common), there(common);
  ConnectionId id = there.open();
  common.scoreboard.life(there.life).websockets = 1;
  here.relay.send_at_once(true);
  here.ears.unsent = "room:";
  here.relay.end_turn_later();
  CHECK(here.relay.send_to(id, Payload::text, "a"));
  CHECK(there.heard() == "room:name4 text:a ");
  here.relay.send_at_once(false);
  CHECK(here.relay.send_to(id, Payload::text, "b"));
  CHECK(there.heard().empty());
}

TEST_CASE("net/relay: what is public finds the relay of this process") {
  CHECK_FALSE(oklo::is_open({1, 1}));
  CHECK_FALSE(oklo::send_to({1, 1}, "x"));
  CHECK_FALSE(oklo::send_binary_to({1, 1}, "x"));
  CHECK_FALSE(oklo::close_connection({1, 1}));
  Common common;
  Place here(common);
  ConnectionId id = here.open();
  CHECK(oklo::is_open(id));
  CHECK(oklo::send_to(id, "a"));
  CHECK(oklo::send_binary_to(id, "b"));
  CHECK(oklo::close_connection(id));
  CHECK(here.ears.heard == "text:a binary:b close ");
}

TEST_CASE("net/relay: alone, without others, it reaches its own") {
  Turns turns;
  LifeRow row = {};
  oklo::ConnectionTable table = oklo::ConnectionTable::create(64).value();
  oklo::ConnectionPool pool(*turns.reactor, table, row, 0, 64);
  Relay relay(*turns.reactor, row, {}, &pool);
  REQUIRE(relay.start().ok());
  CHECK_FALSE(relay.is_open({0, 1}));
  CHECK_FALSE(relay.send_to({0, 1}, Payload::text, "x"));
  relay.publish(Relay::Kind::all, {}, "x", [](const LifeRow&) { return true; });
  relay.end_turn_later();
  turns.turn();
}

TEST_CASE("net/relay: what goes by a road arrives in order, and by nothing else") {
  Common common;
  Place here(common), there(common);
  FakeRoad road;
  road.lives = {there.life};
  here.relay.take_road(&road);
  ConnectionId id = there.open(ConnectionKind::websocket);
  common.scoreboard.life(there.life).websockets = 1;
  CHECK(here.relay.is_open(id));
  here.ears.unsent = "first:";
  CHECK(here.relay.send_to(id, Payload::text, "a"));
  CHECK(here.relay.send_to(id, Payload::binary, "b"));
  here.ears.unsent = "second:";
  CHECK(here.relay.close(id));
  here.ears.unsent = "third:";
  here.relay.end_turn_later();
  here.turn();
  CHECK(there.heard().empty());
  road.arrive(there);
  CHECK(there.heard() == "first:name4 text:a binary:b second:name4 close third:name4 ");
  CHECK_FALSE(here.relay.send_to(id, Payload::text, "c"));
  CHECK(road.records.empty());
}

TEST_CASE("net/relay: each goes by the road that leads to it, or by the ring") {
  Common common;
  Place here(common), near(common), far(common), idle(common);
  FakeRoad road;
  road.lives = {far.life, idle.life};
  here.relay.take_road(&road);
  ConnectionId to_near = near.open(), to_far = far.open();
  CHECK(here.relay.send_to(to_near, Payload::text, "near"));
  CHECK(here.relay.send_to(to_far, Payload::text, "far"));
  CHECK(road.records.size() == 1);
  here.turn();
  CHECK(near.heard() == "text:near ");
  road.arrive(far);
  CHECK(far.heard() == "text:far ");
  common.scoreboard.life(far.life).websockets = 1;
  here.relay.publish(Relay::Kind::room, "name", "bytes:", has_websockets);
  CHECK(road.records.size() == 2);  // To the idle one, too: a WebSocket that joins may be on its way there.
  road.arrive(far);
  CHECK(far.heard() == "bytes:name4 ");
  here.turn();
  CHECK(near.heard().empty());
  here.relay.take_road(nullptr);
  CHECK(here.relay.send_to(to_far, Payload::text, "by ring"));
  here.turn();
  CHECK(far.heard() == "text:by ring ");
}

TEST_CASE("net/relay: what a road refuses is told to who sent it, and counted for groups") {
  Common common;
  Place here(common), there(common);
  FakeRoad road;
  road.lives = {there.life};
  road.records_max = 1;
  here.relay.take_road(&road);
  ConnectionId id = there.open(ConnectionKind::websocket);
  common.scoreboard.life(there.life).websockets = 1;
  CHECK(here.relay.send_to(id, Payload::text, "a"));
  CHECK_FALSE(here.relay.send_to(id, Payload::text, "b"));
  CHECK_FALSE(here.relay.close(id));
  here.relay.publish(Relay::Kind::room, "name", "lost:", has_websockets);
  CHECK(common.scoreboard.life(here.life).broadcasts_missed.value() == 1);
  here.turn();
  road.arrive(there);
  CHECK(there.heard() == "text:a ");
}

TEST_CASE("net/relay: before rings are read there is a chance to read what came by roads") {
  Common common;
  Place here(common), other(common), there(common);
  FakeRoad road;
  road.lives = {there.life};
  here.relay.take_road(&road);
  there.relay.before_rings([&] { road.arrive(there); });
  ConnectionId id = there.open();
  CHECK(here.relay.send_to(id, Payload::text, "by road"));
  CHECK(other.relay.send_to(id, Payload::text, "by ring"));
  other.turn();
  CHECK(there.heard() == "text:by road text:by ring ");
}

TEST_CASE("net/relay: a record by a road that nobody understands harms nobody") {
  Common common;
  Place place(common);
  ConnectionId id = place.open();
  uint64_t target = uint64_t{id.row} << 32 | id.generation;
  place.relay.take(Relay::Kind::text, target + 2, "x");
  place.relay.take(static_cast<Relay::Kind>(0), target, "x");
  place.relay.take(static_cast<Relay::Kind>(9), target, "x");
  place.relay.attach(nullptr);
  place.relay.take(Relay::Kind::room, 1, "x");
  CHECK(place.heard().empty());
  place.relay.take(Relay::Kind::text, target, "y");
  CHECK(place.heard() == "text:y ");
}

TEST_CASE("net/relay: one that is about to be reached by its id is, until it is gone") {
  Common common;
  Place one(common), other(common);
  ConnectionId id = other.open(ConnectionKind::http);
  CHECK_FALSE(one.relay.is_open(id));
  CHECK_FALSE(one.relay.send_to(id, Payload::text, "too early"));
  one.relay.expect(id);
  CHECK(one.relay.is_open(id));
  CHECK(one.relay.send_to(id, Payload::text, "hello"));
  one.turn();
  CHECK(other.heard() == "text:hello ");
  CHECK(one.relay.close(id));
  one.turn();
  CHECK(other.heard() == "close ");
  other.turn();
  CHECK_FALSE(one.relay.is_open(id));
  ConnectionId next = other.open(ConnectionKind::http);
  one.relay.expect(next);
  CHECK(one.relay.is_open(next));
  CHECK_FALSE(one.relay.is_open(id));
}
