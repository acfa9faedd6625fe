#include "gate/worker_end.h"

#include <string>

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

}  // namespace

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
