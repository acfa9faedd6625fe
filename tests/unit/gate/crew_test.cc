#include "gate/crew.h"

#include <sys/mman.h>

#include <cstring>
#include <string>

#include "stream_gate_world.h"

using namespace gate_test;

namespace {

std::string_view bytes_of(const Reader& reader) {
  return {reinterpret_cast<const char*>(&reader), sizeof reader};
}

// A worker that says whatever the test likes.
struct Nonsense : StreamWorld {
  Nonsense() : StreamWorld({.workers = 2}) {}

  // Whether the gate refuses that, and goes on.
  bool refuses(Said type, uint16_t flags, uint64_t target, std::string_view bytes, uint8_t listener = 0,
               sys::Fd file = {}) {
    int before = gate->broken;
    worker().end.say_together(0, type, connection_id(target), listener, flags, 0, bytes, std::move(file));
    worker().end.commit(0);
    turns(4);
    return gate->broken == before + 1;
  }
  bool works() {
    Peer peer = open();
    peer.write("x");
    turn_until([&] { return worker(0).manual.heard.size() + worker(1).manual.heard.size() > heard; });
    heard++;
    Worker& who = worker(0).manual.heard.size() > worker(0).taken ? worker(0) : worker(1);
    who.answer(who.last(), "y");
    return read(peer, 1) == "y";
  }
  size_t heard = 0;
};

}  // namespace

TEST_CASE("gate/crew: what no worker says is told and refused, and the gate goes on") {
  Nonsense world;
  CHECK(world.works());
  for (int type : {0, 15, 200, 255}) CHECK(world.refuses(static_cast<Said>(type), 0, 1, "x"));
  CHECK(world.refuses(Said::send, 0, 1, "x", 7));         // a service that is not there
  CHECK(world.refuses(Said::http_output, 0, 1, "x"));     // not to a stream
  CHECK(world.refuses(Said::ws_join, 0, 1, "x"));
  CHECK(world.refuses(Said::packet_reply, 0, 1, "x"));
  CHECK(world.refuses(Said::left, 0, 1, "x"));
  CHECK(world.refuses(Said::send_file, 0, 1, "0123456789abcdef"));  // without a file
  CHECK(world.refuses(Said::send_file, 0, 1, "short", 0, sys::Fd(memfd_create("x", MFD_CLOEXEC))));
  constexpr uint16_t kNoKinds[] = {0, 6, 0xff, 0x101, 0x7fff};
  for (uint16_t kind : kNoKinds) CHECK(world.refuses(Said::relay, kind, 1, "x"));
  CHECK(world.refuses(Said::relay, static_cast<uint16_t>(Relay::Kind::room), 2, "x"));
  CHECK(world.refuses(Said::relay, static_cast<uint16_t>(Relay::Kind::all), UINT64_MAX, "x"));
  CHECK(world.works());
}

TEST_CASE("gate/crew: who begins is a life of that slot, once") {
  Nonsense world;
  const WorkerContext& own = world.worker(0).context;
  const WorkerContext& other = world.worker(1).context;
  CHECK(world.refuses(Said::begin, 0, 0, "short"));
  CHECK(world.refuses(Said::begin, 0, 0, bytes_of({1000, 1, kGatePid})));
  CHECK(world.refuses(Said::begin, 0, 0, bytes_of({other.life, other.row->serial.load(), kGatePid})));
  CHECK(world.refuses(Said::begin, 0, 0, bytes_of({own.life, own.row->serial.load(), kGatePid})));
  // That was meant for a gate before this one.
  CHECK_FALSE(world.refuses(Said::begin, 0, 0, bytes_of({own.life, own.row->serial.load(), kGatePid - 1})));
  CHECK(world.works());
}

TEST_CASE("gate/crew: one that says all the time that it is ready fills nothing") {
  StreamWorld world;
  world.worker().end.read(false);
  for (int i = 0; i < 20'000; i++) {
    world.worker().end.say(0, Said::ready, {}, 0);
    if (i % 50 == 0) world.turn();
  }
  world.turns(20);
  CHECK(world.gate->crew.wire(0).waiting_bytes() < 4 * Wire::kDatagramBytes);
}

TEST_CASE("gate/crew: a new gate learns who reads, also from a worker that was there before") {
  StreamWorld world;
  Peer old = world.open();
  old.write("old");
  world.until_heard(1);
  ManualPort::Heard before = world.worker().last();
  world.gate->pool.abort_all();
  world.turns(2);
  world.gate.reset();
  world.port.reset();
  world.table.reclaim(0);
  world.gate = std::make_unique<Gate>(world, kGatePid + 1);
  world.make_gate();
  world.gate_start();
  CHECK_FALSE(world.gate->crew.serves(0));
  world.turn_until([&] { return world.gate->crew.serves(0); });
  Peer peer = world.open();
  peer.write("new");
  world.until_heard(2);
  ManualPort::Heard now = world.worker().last();
  CHECK(now.bytes == "new");
  world.worker().answer(before, "not for this one");
  world.worker().answer(now, "y");
  CHECK(world.read(peer, 1) == "y");
  world.turns(3);
  CHECK(peer.read().empty());
  CHECK(world.gate->broken == 0);
}

TEST_CASE("gate/crew: what an old gate told is handled before the word of the new one") {
  StreamWorld world({.on_death = OnWorkerDeath::redeliver});
  Peer old = world.open();
  world.worker().end.read(false);
  world.turn();
  old.write("old");
  world.turns(3);
  world.gate->pool.abort_all();
  world.turns(2);
  world.gate.reset();
  world.port.reset();
  world.table.reclaim(0);
  world.gate = std::make_unique<Gate>(world, kGatePid + 1);
  world.make_gate();
  world.gate_start();
  Peer peer = world.open();
  peer.write("new");
  world.turns(3);
  world.kill(0);
  world.start(0);
  world.until_heard(2);
  CHECK(world.worker().manual.heard[0].bytes == "old");
  ManualPort::Heard now = world.worker().manual.heard[1];
  CHECK(now.bytes == "new");
  world.worker().answer(now, "y");
  CHECK(world.read(peer, 1) == "y");
  CHECK(world.gate->broken == 0);
}

TEST_CASE("gate/crew: who leaves and answers behind the word of a third life is heard") {
  StreamWorld world({.on_death = OnWorkerDeath::redeliver});
  Peer first = world.open(), second = world.open(), third = world.open();
  first.write("x");
  world.until_heard(1);
  ManualPort::Heard held = world.worker().last();
  auto leave = [&world] {
    world.worker().end.leave([] {});
    world.drained.push_back(std::move(world.workers[0]));
    world.start(0);
  };
  leave();
  second.write("y");
  world.until_heard(1);
  world.worker().answer(world.worker().last(), "Y");
  CHECK(world.read(second, 1) == "Y");
  leave();
  third.write("z");
  world.turn(*world.reactor);
  for (int i = 0; i < 5; i++) world.turn(*world.worker().reactor);
  CHECK(world.worker().manual.heard.size() == 1);
  // The gate has not read yet that the third one begins.
  world.drained[0]->answer(held, "X");
  world.turn(*world.drained[0]->reactor);
  world.die(world.drained[0]);
  world.drained.erase(world.drained.begin());
  world.turns(5);
  CHECK(first.read() == "X");
  CHECK(world.worker().manual.heard.size() == 1);
}
