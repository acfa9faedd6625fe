// Connections of a stream service that others reach by their id.
#include "stream_world.h"

#include <algorithm>
#include <vector>

#include "net/relay.h"

using oklo::CloseReason;
using oklo::Connection;
using oklo::ConnectionId;
using oklo::StreamHandlers;
using oklo::StreamOptions;

namespace {

// A world whose connections are known by their ids.
struct KnownWorld : StreamWorld {
  oklo::Relay relay;

  explicit KnownWorld(StreamHandlers h, const StreamOptions& o = {})
      : StreamWorld(std::move(h), o), relay(*reactor, life, {}, &pool) {}

  std::vector<ConnectionId> ids() {
    std::vector<ConnectionId> all;
    oklo::each_connection([&all](Connection& c) { all.push_back(c.id()); });
    return all;
  }
};

StreamOptions lines() {
  StreamOptions options;
  options.framing.kind = oklo::StreamFraming::Kind::delimiter;
  options.framing.delimiter = "\n";
  return options;
}

}  // namespace

TEST_CASE("stream/own_connections: each is visited, and may be closed meanwhile") {
  std::string calls;
  KnownWorld world(recording(calls));
  std::vector<Peer> peers;
  for (int i = 0; i < 60; i++) peers.push_back(world.connect());
  CHECK(world.ids().size() == 60);
  int visited = 0;
  oklo::each_connection(3, [](Connection&) { FAIL("there is no such listener"); });
  oklo::each_connection(2, [&visited](Connection& c) {
    if (visited++ % 2) c.abort();
    else c.send("x");
  });
  CHECK(visited == 60);
  CHECK(world.ids().size() == 30);
  world.settle();
  size_t got = 0;
  for (Peer& peer : peers) got += peer.read().size();
  CHECK(got == 30);
  CHECK(world.pool.size() == 30);
}

TEST_CASE("stream/own_connections: one that another handler ends is not visited any more") {
  std::string calls;
  KnownWorld world(recording(calls));
  std::vector<Peer> peers;
  for (int i = 0; i < 10; i++) peers.push_back(world.connect());
  int visited = 0;
  oklo::each_connection([&](Connection&) {
    visited++;
    world.pool.abort_all();
  });
  CHECK(visited == 1);
}

TEST_CASE("stream/own_connections: one is found by its id, as long as it is open") {
  std::string calls;
  KnownWorld world(recording(calls));
  Peer peer = world.connect();
  ConnectionId id = world.ids().at(0);
  CHECK(oklo::with_connection(id, [](Connection& c) { c.send("hello"); }));
  world.settle();
  CHECK(peer.read() == "hello");
  CHECK_FALSE(oklo::with_connection({id.row, id.generation + 2}, [](Connection&) { FAIL("not it"); }));
  CHECK(oklo::with_connection(id, [](Connection& c) {
    c.send("bye");
    c.close();
  }));
  CHECK_FALSE(oklo::with_connection(id, [](Connection&) { FAIL("it is closed"); }));
  CHECK(world.read_all(peer) == "bye");
  peer.close();
  world.settle();
  CHECK_FALSE(oklo::with_connection(id, [](Connection&) { FAIL("it is gone"); }));
  CHECK(calls == "connect sent close(finished) ");
}

TEST_CASE("stream/own_connections: without a server, and for another protocol, there is none") {
  CHECK_FALSE(oklo::with_connection({0, 1}, [](Connection&) { FAIL("no server"); }));
  oklo::each_connection([](Connection&) { FAIL("no server"); });
  std::string calls;
  KnownWorld world(recording(calls));
  world.endpoint.kind = oklo::ConnectionKind::http;
  Peer peer = world.connect();
  CHECK(world.ids().empty());
  CHECK_FALSE(oklo::with_connection({0, 1}, [](Connection&) { FAIL("not a stream"); }));
}

TEST_CASE("stream/own_connections: what is sent by id comes behind what was sent, and a close behind both") {
  std::string calls;
  KnownWorld world(recording(calls));
  Peer peer = world.connect();
  ConnectionId id = world.ids().at(0);
  oklo::with_connection(id, [](Connection& c) { c.send("a"); });
  CHECK(oklo::send_to(id, "b"));
  CHECK(oklo::send_binary_to(id, "c"));
  CHECK(oklo::close_connection(id));
  CHECK_FALSE(oklo::send_to(id, "d"));
  CHECK_FALSE(oklo::close_connection(id));
  CHECK(world.read_all(peer) == "abc");
  peer.close();
  world.settle();
  CHECK(world.closed(CloseReason::finished) == 1);
}

TEST_CASE("stream/own_connections: handlers are told of water marks later, not within another one") {
  std::string calls;
  StreamOptions options;
  options.high_water = 1000;
  options.low_water = 10;
  KnownWorld world(recording(calls), options);
  Peer peer = world.connect();
  ConnectionId id = world.ids().at(0);
  std::string much(4 << 20, 'x');
  SUBCASE("send_to") { CHECK(oklo::send_to(id, much)); }
  SUBCASE("with_connection") {
    CHECK(oklo::with_connection(id, [&much](Connection& c) { c.send(much); }));
  }
  CHECK(calls == "connect ");
  world.settle();
  CHECK(calls == "connect full ");
  size_t got = 0;
  world.turn_until([&] {
    got += peer.read().size();
    return got == much.size();
  });
  world.settle();
  CHECK(calls == "connect full drain sent ");
}

TEST_CASE("stream/own_connections: a queue that is full ends it") {
  std::string calls;
  StreamOptions options;
  options.queue_bytes = 1000;
  KnownWorld world(recording(calls), options);
  Peer peer = world.connect();
  ConnectionId id = world.ids().at(0);
  CHECK_FALSE(oklo::send_to(id, std::string(4 << 20, 'x')));
  CHECK_FALSE(oklo::send_to(id, "y"));
  world.settle();
  CHECK(calls == "connect close(queue_full) ");
}

TEST_CASE("stream/own_connections: what waits comes when it is resumed from elsewhere") {
  std::string calls;
  StreamHandlers handlers = recording(calls);
  handlers.on_receive = [&calls](Connection& c, std::string_view line) {
    calls.append(line).append(" ");
    c.pause();
  };
  KnownWorld world(std::move(handlers), lines());
  Peer peer = world.connect();
  peer.write("a\nb\nc\n");
  peer.finish();
  world.settle();
  CHECK(calls == "connect a ");
  ConnectionId id = world.ids().at(0);
  auto resume = [&] { CHECK(oklo::with_connection(id, [](Connection& c) { c.resume(); })); };
  resume();
  CHECK(calls == "connect a ");
  world.settle();
  CHECK(calls == "connect a b ");
  resume();
  world.settle();
  CHECK(calls == "connect a b c ");
  resume();
  world.settle();
  CHECK(calls == "connect a b c close(peer_closed) ");
}

TEST_CASE("stream/own_connections: a handler that finds its own connection gets nothing twice") {
  std::string calls;
  StreamHandlers handlers = recording(calls);
  handlers.on_receive = [&calls](Connection& c, std::string_view line) {
    calls.append(line).append(" ");
    CHECK(oklo::with_connection(c.id(), [](Connection& self) { self.send("x"); }));
    CHECK(oklo::send_to(c.id(), "y"));
  };
  handlers.on_sent = {};
  handlers.on_close = [&calls](Connection& c, CloseReason) {
    CHECK_FALSE(oklo::with_connection(c.id(), [](Connection&) { FAIL("it is closed"); }));
    CHECK_FALSE(oklo::send_to(c.id(), "z"));
    calls += "closed ";
  };
  KnownWorld world(std::move(handlers), lines());
  Peer peer = world.connect();
  peer.write("a\nb\npart");
  world.settle();
  CHECK(calls == "connect a b ");
  peer.write("ial\n");
  world.settle();
  CHECK(calls == "connect a b partial ");
  CHECK(peer.read() == "xyxyxy");
  peer.close();
  world.settle();
  CHECK(calls == "connect a b partial closed ");
}
