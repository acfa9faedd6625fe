#include "server/process_worker.h"

#include <string>

#include "process_mode_world.h"

using namespace process_mode;
using gate::Said;
using gate::Told;

namespace {

// A thread of the gate that the test plays, with a stream of it.
struct PlayedGate : Life, PlayedEnd {
  explicit PlayedGate(World& world)
      : Life(world, Role::gate_thread, kWorkers, Keeper::gate),
        PlayedEnd(world.wires.gate_end(0, 0)),
        rows(world.table, context.life) {
    ConnectionRow& row = rows.row(id);
    row.kind = ConnectionKind::stream;
    row.owner = context.life;
  }
  // The numbers grow.
  void tell(std::string_view bytes) {
    PlayedEnd::say({static_cast<uint8_t>(Told::received), 0, 0, ++number, gate::wire_id(id), bytes});
  }
  void until_heard(Worker& worker, Said what, size_t times = 1) {
    turn_until([&] { return count(what) >= times; }, worker, static_cast<PlayedEnd&>(*this));
  }

  ConnectionRows rows;
  ConnectionId id = rows.open();
  uint32_t number = 0;
};

}  // namespace

TEST_CASE("server/process_worker: it reads when it was told to, and says from where on") {
  World world(echo());
  PlayedGate gate(world);
  Worker worker(world);
  gate.tell("hello");
  worker.turns(3);
  gate.PlayedEnd::turn();
  CHECK(gate.heard.empty());
  worker.worker.serve(0);
  gate.until_heard(worker, Said::done);
  REQUIRE(gate.heard.size() == 4);
  CHECK(gate.heard[0].type == static_cast<uint8_t>(Said::ready));
  CHECK(gate.heard[1].type == static_cast<uint8_t>(Said::begin));
  CHECK(gate.heard[1].number == 1);
  CHECK(gate.heard[2].type == static_cast<uint8_t>(Said::send));
  CHECK(gate.heard[2].bytes == "hello");
  CHECK(gate.heard[3].number == 1);
  CHECK(worker.context.row->requests.value() == 1);
}

TEST_CASE("server/process_worker: who is to go reads no more, and what is told is its successor's") {
  World world(echo());
  PlayedGate gate(world);
  Worker worker(world);
  worker.worker.serve(0);
  gate.tell("one");
  gate.until_heard(worker, Said::done);
  worker.worker.drain(DrainMode::reload, 0);
  CHECK(worker.left == 1);
  gate.tell("two");
  worker.turns(3);
  worker.worker.serve(0);
  worker.worker.drain(DrainMode::reload, 0);
  worker.turns(3);
  for (int i = 0; i < 3; i++) gate.PlayedEnd::turn();
  CHECK(gate.count(Said::ready) == 1);
  CHECK(gate.count(Said::done) == 1);
  CHECK(worker.left == 1);
  CHECK(worker.drained == 1);
  Worker next(world);
  next.worker.serve(0);
  gate.until_heard(next, Said::done, 2);
  CHECK(gate.heard.back().number == 2);
}

TEST_CASE("server/process_worker: what it has answered leaves before it says that it has left") {
  StreamHandlers handlers = echo();
  Function<void()> on_receive;
  handlers.on_receive = [&](Connection&, std::string_view) { on_receive(); };
  World world(std::move(handlers));
  PlayedGate gate(world);
  Worker worker(world);
  size_t done = 0;
  worker.context.left = [&] {
    for (int i = 0; i < 3; i++) gate.PlayedEnd::turn();
    done = gate.count(Said::done);
  };
  on_receive = [&] { worker.reactor->post([&] { worker.worker.drain(DrainMode::reload, 0); }); };
  worker.worker.serve(0);
  gate.tell("x");
  turn_until([&] { return worker.drained == 1; }, worker);
  CHECK(done == 1);
}

TEST_CASE("server/process_worker: it stays until all that it said has left") {
  std::string long_answer(3 << 20, 'x');
  StreamHandlers handlers;
  handlers.on_receive = [&](Connection& connection, std::string_view) { connection.send(long_answer); };
  World world(std::move(handlers));
  PlayedGate gate(world);
  Worker worker(world);
  worker.worker.serve(0);
  gate.tell("x");
  worker.turns(3);
  worker.worker.drain(DrainMode::reload, 0);
  worker.turns(5);
  CHECK(worker.left == 0);  // Its successor would be heard before it.
  CHECK(worker.drained == 0);
  gate.until_heard(worker, Said::done);
  turn_until([&] { return worker.drained == 1; }, worker);
  CHECK(worker.left == 1);
  CHECK(gate.heard[gate.heard.size() - 2].bytes == long_answer);
}

TEST_CASE("server/process_worker: what has begun to come is awaited, but not beyond the deadline") {
  World world(echo());
  PlayedGate gate(world);
  Worker worker(world);
  worker.worker.serve(0);
  gate.tell(std::string(3 << 20, 'x'));
  worker.turn();
  worker.worker.drain(DrainMode::reload, worker.reactor->clock().now_ms + 60'000);
  worker.turns(50);
  CHECK(worker.left == 0);
  CHECK(worker.drained == 0);
  worker.worker.drain(DrainMode::stop, worker.reactor->clock().now_ms);
  turn_until([&] { return worker.left == 1; }, worker);
  worker.turns(3);
  CHECK(worker.left == 1);
  CHECK(worker.drained == 1);
}

TEST_CASE("server/process_worker: with a thread of a gate a client hears its echo") {
  World world(echo());
  Gate gate(world);
  Worker worker(world);
  worker.worker.serve(0);
  for (int i = 0; i < 20; i++) {
    Peer peer = world.listening.connect();
    std::string text = "hello " + std::to_string(i), answer;
    peer.write(text);
    turn_until([&] { return (answer += peer.read()).size() >= text.size(); }, gate, worker);
    CHECK(answer == text);
  }
  turn_until([&] { return gate.context.row->connections.load() == 0; }, gate, worker);
  gate.thread.drain(DrainMode::stop, 0);
  worker.worker.drain(DrainMode::stop, 0);
  turn_until([&] { return gate.drained && worker.drained; }, gate, worker);
  worker.turn();  // What it said while it was told to leave was flushed at once, and is marked as dirty.
}
