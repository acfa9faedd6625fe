#include "gate/gate_streams.h"

#include <algorithm>
#include <string>
#include <vector>

#include "stream_gate_world.h"

using namespace gate_test;

namespace {

// Those that this worker visits.
std::vector<ConnectionId> visited(Worker& worker, std::optional<unsigned> listener = std::nullopt) {
  GateStreams streams(worker.context, worker.end);
  std::vector<ConnectionId> ids;
  streams.visit_each(listener, [&](Connection& connection) { ids.push_back(connection.id()); });
  return ids;
}

bool is_there(Worker& worker, ConnectionId id) {
  GateStreams streams(worker.context, worker.end);
  bool called = false;
  bool found = streams.visit(id, [&](Connection& connection) { called = connection.id() == id; });
  CHECK(found == called);
  return found;
}

// The ids of streams that the gate has.
std::vector<ConnectionId> ids_of(const World& world) {
  std::vector<ConnectionId> ids;
  world.gate->pool.for_each([&](net::Connection& connection) { ids.push_back(connection.id()); });
  return ids;
}

}  // namespace

TEST_CASE("gate/gate_streams: a stream is found by its id, and what is said to it arrives") {
  StreamWorld world;
  Peer peer = world.open();
  world.turn();
  ConnectionId id = ids_of(world).at(0);
  Worker& worker = world.worker();
  GateStreams streams(worker.context, worker.end);
  CHECK(streams.visit(id, [](Connection& connection) { connection.send("hello"); }));
  CHECK(world.read(peer, 5) == "hello");
  CHECK(streams.visit(id, [](Connection& connection) { connection.close(); }));
  CHECK(world.read_all(peer).empty());
  peer.close();
  world.turn_until([&] { return world.gate->pool.empty(); });
  CHECK_FALSE(is_there(worker, id));
}

TEST_CASE("gate/gate_streams: what is no open stream of the gate is not found") {
  StreamWorld world;
  Peer peer = world.open();
  world.turn();
  ConnectionId id = ids_of(world).at(0);
  ConnectionRow& row = world.table.row(id.row);
  CHECK(is_there(world.worker(), id));
  CHECK_FALSE(is_there(world.worker(), {id.row, id.generation + 1}));
  CHECK_FALSE(is_there(world.worker(), {id.row, id.generation + 2}));
  CHECK_FALSE(is_there(world.worker(), {world.table.size(), 1}));
  row.kind = ConnectionKind::http;
  CHECK_FALSE(is_there(world.worker(), id));
  CHECK(visited(world.worker()).empty());
  row.kind = ConnectionKind::stream;
  // It is a worker's own, or nobody's that there is.
  uint32_t owner = row.owner.exchange(world.worker().context.life);
  CHECK_FALSE(is_there(world.worker(), id));
  row.owner = world.scoreboard.size();
  CHECK_FALSE(is_there(world.worker(), id));
  row.owner = owner;
  CHECK(is_there(world.worker(), id));
}

TEST_CASE("gate/gate_streams: all workers together visit each stream once") {
  StreamWorld world({.workers = 3});
  std::vector<Peer> peers;
  for (int i = 0; i < 20; i++) peers.push_back(world.open());
  world.turn();
  std::vector<ConnectionId> all;
  for (uint32_t slot = 0; slot < 3; slot++) {
    std::vector<ConnectionId> own = visited(world.worker(slot), 0);
    CHECK_FALSE(own.empty());
    all.insert(all.end(), own.begin(), own.end());
    CHECK(visited(world.worker(slot), 1).empty());
  }
  std::vector<ConnectionId> wanted = ids_of(world);
  auto by_row = [](ConnectionId a, ConnectionId b) { return a.row < b.row; };
  std::sort(all.begin(), all.end(), by_row);
  std::sort(wanted.begin(), wanted.end(), by_row);
  CHECK(wanted.size() == 20);
  CHECK(all == wanted);
}

TEST_CASE("gate/gate_streams: who takes no more visits none, and its successor does") {
  StreamWorld world;
  Peer peer = world.open();
  world.turn();
  Worker& old = world.worker();
  old.end.leave([] {});
  CHECK(visited(old).empty());
  CHECK(is_there(old, ids_of(world).at(0)));
  world.drained.push_back(std::move(world.workers[0]));
  CHECK(visited(world.start(0)) == ids_of(world));
}

TEST_CASE("gate/gate_streams: one that ends while others are visited is left out") {
  StreamWorld world;
  std::vector<Peer> peers;
  for (int i = 0; i < 5; i++) peers.push_back(world.open());
  world.turn();
  GateStreams streams(world.worker().context, world.worker().end);
  int seen = 0;
  streams.visit_each(std::nullopt, [&](Connection&) {
    if (seen++) return;
    world.gate->pool.abort_all();
    world.turn(*world.reactor);
  });
  CHECK(seen == 1);
}
