#include "gate/worker_end.h"

#include <sys/socket.h>

#include <string>
#include <vector>

#include "stream_gate_world.h"

using namespace gate_test;

namespace {

StreamOptions lines() {
  StreamOptions options;
  options.framing.kind = StreamFraming::Kind::delimiter;
  options.framing.delimiter = "\n";
  return options;
}

// A long message whose first parts the worker has read.
struct HalfRead : StreamWorld {
  HalfRead() : StreamWorld({.on_death = OnWorkerDeath::close}, all(), lines()) {
    worker().end.read(false);
    turn();
    for (std::string_view rest = text; !rest.empty(); turn()) rest.remove_prefix(peer.write(rest));
    peer.write("\n");
    turn_until([&] { return !gate->deliveries.empty(); });
    worker().end.read(true);
    turns(4);
    CHECK(worker().manual.heard.empty());
  }
  std::string text = std::string(300'000, 'x');
  Peer peer = open();
};

// Sees whether the answer to what it was told first has left when it is told the next.
struct Witness final : WorkerPort {
  explicit Witness(const World& of) : world(of) {}
  bool on_told(uint32_t thread, const codec::WireRecord&) override {
    char byte = 0;
    if (told.size() == 1)
      left = recv(world.wires->gate_end(told[0], 0), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
    told.push_back(thread);
    return true;
  }

  const World& world;
  std::vector<uint32_t> told;
  bool left = false;
};

// As a thread of the gate does; what the worker has said until now is read.
void tell(World& world, uint32_t thread) {
  int end = world.wires->gate_end(thread, 0);
  char said[256];
  while (recv(end, said, sizeof said, MSG_DONTWAIT) > 0) {}
  std::vector<char> buffer(Wire::kDatagramBytes);
  Wire wire(*world.reactor, end, kGatePid, buffer, {});
  wire.put({static_cast<uint8_t>(Told::received), 0, 0, 1, wire_id({5, 1}), "x"});
  wire.commit();
  world.turn(*world.reactor);
}

}  // namespace

TEST_CASE("gate/worker_end: the answers to one thread have left before the next thread is heard") {
  World world({.threads = 2});
  Worker& worker = world.start(0);
  Witness witness(world);
  worker.end.set_ports({&witness});
  world.turn(*worker.reactor);
  tell(world, 0);
  tell(world, 1);
  world.turn(*worker.reactor);
  CHECK(witness.told.size() == 2);
  CHECK(witness.left);
  world.end();
}

TEST_CASE("gate/worker_end: who leaves at once has left at once") {
  StreamWorld world;
  int left = 0;
  world.worker().end.leave([&] { left++; });
  CHECK(left == 1);
  Peer peer = world.open();
  peer.write("x");
  world.turns(5);
  CHECK(world.worker().manual.heard.empty());
  CHECK(left == 1);
}

TEST_CASE("gate/worker_end: who leaves in the middle of a message hears the rest, and nothing behind it") {
  HalfRead world;
  int left = 0;
  world.worker().end.leave([&] { left++; });
  CHECK(left == 0);
  Peer other = world.open();
  other.write("other\n");
  world.turn_until([&] { return left == 1; });
  world.turns(5);
  REQUIRE(world.worker().manual.heard.size() == 1);
  ManualPort::Heard heard = world.worker().last();
  CHECK(heard.bytes == world.text);
  world.drained.push_back(std::move(world.workers[0]));
  world.start(0);
  world.until_heard(1);
  world.worker().answer(world.worker().last(), "other");
  CHECK(world.read(other, 5) == "other");
  world.drained[0]->answer(heard, "answer");
  CHECK(world.read(world.peer, 6) == "answer");
}

TEST_CASE("gate/worker_end: what is said while a message is handled leaves with the word that it is done") {
  StreamHandlers handlers;
  handlers.on_receive = [](Connection& connection, std::string_view bytes) {
    for (char byte : bytes) connection.send({&byte, 1});
  };
  StreamWorld world({}, std::move(handlers), {}, false);
  Peer peer = world.open();
  for (int i = 0; i < 3; i++) {
    peer.write("hello");
    CHECK(world.read(peer, 5) == "hello");
  }
  world.turn();
  CHECK(world.gate->deliveries.empty());
}
