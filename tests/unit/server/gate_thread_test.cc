#include "server/gate_thread.h"

#include <sys/socket.h>

#include <cstring>
#include <string>

#include "process_mode_world.h"

using namespace process_mode;
using gate::Said;
using gate::Told;

namespace {

// A worker that the test plays; it has begun to read.
struct PlayedWorker : Life, PlayedEnd {
  PlayedWorker(World& world, Gate& gate)
      : Life(world, Role::worker, 0, Keeper::workers), PlayedEnd(world.wires.worker_end(0, 0)) {
    gate.turn();
    until_heard(gate, Told::hello);
    gate::Reader reader = {context.life, context.row->serial.load(), static_cast<uint32_t>(getpid())};
    codec::WireRecord begin;
    begin.type = static_cast<uint8_t>(Said::begin);
    begin.number = 1;
    begin.bytes = {reinterpret_cast<const char*>(&reader), sizeof reader};
    PlayedEnd::say(begin);
    gate.turns(3);
  }
  void until_heard(Gate& gate, Told what, size_t times = 1) {
    turn_until([&] { return count(what) >= times; }, gate, static_cast<PlayedEnd&>(*this));
  }
  void say_done(const Heard& of) {
    PlayedEnd::say({static_cast<uint8_t>(Said::done), 0, 0, of.number, of.connection});
  }
};

StreamHandlers wants_closed() {
  StreamHandlers handlers = echo();
  handlers.on_close = [](Connection&, CloseReason) {};
  return handlers;
}

}  // namespace

TEST_CASE("server/gate_thread: what comes over its listener is told, and what the worker answers is sent") {
  World world(echo());
  Gate gate(world);
  PlayedWorker worker(world, gate);
  Peer peer = world.listening.connect();
  peer.write("hello");
  worker.until_heard(gate, Told::received);
  PlayedEnd::Heard heard = worker.heard.back();
  CHECK(heard.bytes == "hello");
  worker.wire.put({static_cast<uint8_t>(Said::send), 0, 0, 0, heard.connection, "there"});
  worker.say_done(heard);
  std::string answer;
  turn_until([&] { return (answer += peer.read()).size() >= 5; }, gate);
  CHECK(answer == "there");
  CHECK(gate.drained == 0);
}

TEST_CASE("server/gate_thread: at a stop it waits until the workers have heard of all ends") {
  World world(wants_closed());
  Gate gate(world);
  PlayedWorker worker(world, gate);
  Peer peer = world.listening.connect();
  peer.write("x");
  worker.until_heard(gate, Told::received);
  gate.thread.drain(DrainMode::stop, gate.reactor->clock().now_ms + 60'000);
  turn_until([&] { return !(peer.read(), !peer.over()); }, gate);
  peer.close();
  gate.turns(5);
  CHECK(gate.drained == 0);
  CHECK(worker.count(Told::closed) == 0);
  worker.say_done(worker.heard.back());
  worker.until_heard(gate, Told::closed);
  gate.turns(5);
  CHECK(gate.drained == 0);
  worker.say_done(worker.heard.back());
  turn_until([&] { return gate.drained > 0; }, gate);
  gate.turns(5);
  CHECK(gate.drained == 1);
}

TEST_CASE("server/gate_thread: it waits no longer than the deadline for who does not come") {
  World world(wants_closed());
  Gate gate(world);
  PlayedWorker worker(world, gate);
  Peer peer = world.listening.connect();
  peer.write("x");
  worker.until_heard(gate, Told::received);
  gate.thread.drain(DrainMode::stop, gate.reactor->clock().now_ms);
  turn_until([&] { return gate.drained > 0; }, gate);
  gate.turns(5);
  CHECK(gate.drained == 1);
}

TEST_CASE("server/gate_thread: without a connection it is drained at once, once") {
  World world(echo());
  Gate gate(world);
  gate.thread.drain(DrainMode::stop, 0);
  gate.thread.drain(DrainMode::stop, gate.reactor->clock().now_ms);
  gate.turns(3);
  CHECK(gate.drained == 1);
}

TEST_CASE("server/gate_thread: who says what no worker says is named, counted and marked, and no other") {
  World world(echo());
  Gate gate(world);
  PlayedWorker worker(world, gate);
  Life other(world, Role::worker, 0, Keeper::workers), elsewhere(world, Role::manager, 2, Keeper::workers);
  worker.context.row->pid = elsewhere.context.row->pid = 4711;
  const codec::WireRecord wrong[] = {
      {99, 0, 0, 0, 0},
      {static_cast<uint8_t>(Said::send), 7, 0, 0, 0, "of no service"},
      {static_cast<uint8_t>(Said::relay), 0, 999, 0, 0, "of no kind"},
      {static_cast<uint8_t>(Said::begin), 0, 0, 1, 0, "short"},
  };
  uint64_t count = 0;
  for (const codec::WireRecord& record : wrong) {
    worker.context.row->broken = false;
    worker.PlayedEnd::say(record);
    gate.turns(3);
    CHECK(gate.context.row->wires_broken.value() == ++count);
    CHECK(worker.context.row->broken);
  }
  // No unit at all.
  worker.context.row->broken = false;
  int end = world.wires.worker_end(0, 0);
  uint32_t noise[8] = {4711, 1, 0xffffffff, 0xffffffff};
  REQUIRE(send(end, noise, sizeof noise, 0) == sizeof noise);
  gate.turns(3);
  CHECK(gate.context.row->wires_broken.value() == ++count);
  CHECK(worker.context.row->broken);
  CHECK_FALSE(other.context.row->broken);
  CHECK_FALSE(elsewhere.context.row->broken);
  CHECK_FALSE(gate.context.row->broken);
  CHECK(world.logged().find("worker 1 (pid 4711) said what no worker says: dropped") != std::string::npos);
  // It goes on.
  Peer peer = world.listening.connect();
  peer.write("x");
  worker.until_heard(gate, Told::received);
}
