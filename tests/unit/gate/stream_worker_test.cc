#include "gate/stream_worker.h"

#include <string>
#include <vector>

#include "gate/gate_streams.h"
#include "stream_gate_world.h"

using namespace gate_test;

namespace {

constexpr size_t kPiece = 50'000;

StreamOptions small_queue() {
  StreamOptions options;
  options.high_water = 120'000;
  options.low_water = 60'000;
  options.queue_bytes = 3'000'000;
  return options;
}

// A worker that sends more than the thread takes: only the test turns that one.
struct FullWire {
  StreamHandlers counting() {
    StreamHandlers handlers = StreamWorld::all();
    handlers.on_buffer_full = [this](Connection&) { full++; };
    handlers.on_buffer_drain = [this](Connection& connection) {
      drained.push_back(connection.id());
      CHECK_FALSE(is_filled(connection.id()));
    };
    handlers.on_close = [this](Connection&, CloseReason reason) { closed = reason; };
    return handlers;
  }
  FullWire() { world.turns(2); }

  ConnectionId id_of_only() const {
    ConnectionId only;
    world.gate->pool.for_each([&only](net::Connection& connection) { only = connection.id(); });
    return only;
  }
  bool send(ConnectionId to, size_t bytes = kPiece) {
    bool taken = false;
    GateStreams streams(world.worker().context, world.worker().end);
    streams.visit(to, [&](Connection& connection) { taken = connection.send(std::string(bytes, 'x')); });
    sent += taken ? bytes : 0;
    return taken;
  }
  bool is_filled(ConnectionId of) const { return world.workers[0]->ports[0]->filled(of); }
  void turn_worker() { world.turn(*world.worker().reactor); }
  void until_full() {
    while (!full) {
      REQUIRE(send(id));
      turn_worker();
    }
  }
  // The thread reads what there is, and not what its clients do.
  void until_all_said() {
    world.turn_until([&] { return world.worker().end.all_left(); });
  }
  size_t queued() {
    size_t bytes = 0;
    GateStreams streams(world.worker().context, world.worker().end);
    streams.visit(id, [&](Connection& connection) { bytes = connection.info().queued; });
    return bytes;
  }

  int full = 0;
  std::vector<ConnectionId> drained;
  std::optional<CloseReason> closed;
  size_t sent = 0;
  StreamWorld world{{}, counting(), small_queue(), false};
  Peer peer = world.open();
  ConnectionId id = id_of_only();
};

}  // namespace

TEST_CASE("gate/stream_worker: what waits for the thread to read counts as part of the queue") {
  FullWire test;
  test.until_full();
  CHECK(test.full == 1);
  CHECK(test.drained.empty());
  CHECK(test.queued() > 120'000);
  CHECK(test.is_filled(test.id));
  test.send(test.id);
  test.turn_worker();
  CHECK(test.full == 1);
  std::string text = test.world.read(test.peer, test.sent);
  CHECK(text == std::string(test.sent, 'x'));
  test.world.turns(5);
  REQUIRE_FALSE(test.drained.empty());
  CHECK(test.drained[0] == test.id);
  CHECK_FALSE(test.is_filled(test.id));
  CHECK(test.queued() == 0);
}

TEST_CASE("gate/stream_worker: one that sends much at once hears that it may go on, though all has left") {
  FullWire test;
  REQUIRE(test.send(test.id, 4 * kPiece));
  CHECK(test.is_filled(test.id));
  CHECK(test.full == 0);
  test.turn_worker();
  CHECK(test.full == 1);
  CHECK(test.drained.size() == 1);
  CHECK_FALSE(test.is_filled(test.id));
}

TEST_CASE("gate/stream_worker: where too much waits in the thread, that one tells of room") {
  FullWire test;
  test.until_full();
  for (int i = 0; i < 4; i++) test.send(test.id);
  test.until_all_said();
  REQUIRE(test.world.table.row(test.id.row).queued_bytes > 120'000);
  test.world.turns(5);
  CHECK(test.drained.empty());
  CHECK(test.is_filled(test.id));
  test.world.read(test.peer, test.sent);
  test.world.turn_until([&] { return !test.drained.empty(); });
  CHECK(test.drained.size() == 1);
}

TEST_CASE("gate/stream_worker: what is sent by the id counts, too") {
  FullWire test;
  auto send = [&] {
    return test.world.worker().relay.send_to(test.id, Payload::binary, std::string(kPiece, 'x'));
  };
  while (!test.full) {
    REQUIRE(send());
    test.turn_worker();
  }
  CHECK(test.is_filled(test.id));
  while (send()) test.turn_worker();
  test.turn_worker();
  CHECK(test.queued() < 5'000'000);
  test.world.turn_until([&] { return test.closed.has_value(); });
  CHECK(*test.closed == CloseReason::queue_full);
}

TEST_CASE("gate/stream_worker: a connection that has ended meanwhile is told nothing, and forgotten") {
  FullWire test;
  test.until_full();
  test.world.gate->pool.abort_all();
  test.until_all_said();
  test.world.turn_until([&] { return test.closed.has_value(); });
  CHECK(test.drained.empty());
  CHECK_FALSE(test.world.workers[0]->ports[0]->filled(test.id));
}

TEST_CASE("gate/stream_worker: who sends on and on is refused, and closed as one whose queue is full") {
  FullWire test;
  test.until_full();
  while (test.send(test.id)) test.turn_worker();
  test.turn_worker();
  CHECK(test.queued() < 5'000'000);
  size_t before = test.queued();
  CHECK_FALSE(test.send(test.id));
  test.turn_worker();
  CHECK(test.queued() == before);
  test.world.turn_until([&] { return test.closed.has_value(); });
  CHECK(*test.closed == CloseReason::queue_full);
}

TEST_CASE("gate/stream_worker: a wire that is full of what others sent closes nobody") {
  FullWire test;
  Peer quiet = test.world.open();
  test.world.turns(2);
  ConnectionId other;
  test.world.gate->pool.for_each([&](net::Connection& connection) {
    if (connection.id() != test.id) other = connection.id();
  });
  test.until_full();
  while (test.send(test.id)) test.turn_worker();
  CHECK(test.send(other));
  CHECK(test.is_filled(other));
  test.turn_worker();
  CHECK(test.full == 2);
  CHECK(test.world.read(quiet, kPiece).size() == kPiece);
  test.world.turns(5);
  CHECK(test.drained == std::vector<ConnectionId>{other});
}
