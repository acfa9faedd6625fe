#include "gate/deliveries.h"

#include <string>
#include <vector>

#include "stream_gate_world.h"

using namespace gate_test;

namespace {

// The texts that a worker got by hand.
std::vector<std::string> texts(const Worker& worker) {
  std::vector<std::string> all;
  for (const ManualPort::Heard& heard : worker.manual.heard) all.push_back(heard.bytes);
  return all;
}

}  // namespace

TEST_CASE("gate/deliveries: of one connection one message at a time is under way") {
  StreamWorld world;
  Peer peer = world.open();
  world.turn();
  peer.write("one");
  world.until_heard(1);
  peer.write("two");
  world.turns(5);
  CHECK(texts(world.worker()) == std::vector<std::string>{"one"});
  world.worker().answer(world.worker().last(), "1");
  world.until_heard(2);
  CHECK(peer.read() == "1");
  CHECK(texts(world.worker()) == std::vector<std::string>{"one", "two"});
  world.worker().answer(world.worker().last(), "2");
  CHECK(world.read(peer, 1) == "2");
  world.turn();
  CHECK(world.gate->deliveries.empty());
}

TEST_CASE("gate/deliveries: other connections do not wait for it") {
  StreamWorld world;
  Peer first = world.open(), second = world.open();
  first.write("a");
  world.until_heard(1);
  second.write("b");
  world.until_heard(2);
  CHECK(world.worker().manual.heard[0].id != world.worker().manual.heard[1].id);
}

TEST_CASE("gate/deliveries: events are heard in their order, once each") {
  StreamWorld world({}, StreamWorld::every());
  Peer peer = world.open();
  peer.write("x");
  peer.finish();
  std::string calls;
  for (size_t i = 1; i <= 4; i++) {
    world.until_heard(i);
    ManualPort::Heard heard = world.worker().last();
    calls += std::to_string(static_cast<int>(heard.type)) + " ";
    if (heard.type == Told::ended) world.worker().end.say(0, Said::close, heard.id, 0);
    world.worker().end.say_done(0, heard.id, heard.number);
  }
  CHECK(calls == "2 3 5 8 ");
  world.turns(3);
  CHECK(world.worker().manual.heard.size() == 4);
  CHECK(world.rows() == 0);
  CHECK(world.gate->deliveries.empty());
}

TEST_CASE("gate/deliveries: the row of a connection that closed stays until all of it was told") {
  StreamWorld world({}, StreamWorld::every());
  Peer peer = world.open();
  world.until_heard(1);
  ManualPort::Heard connected = world.worker().last();
  peer.close();
  world.turns(5);
  CHECK(world.gate->pool.empty());
  CHECK(world.rows() == 1);
  CHECK(world.table.row(connected.id.row).kind == ConnectionKind::none);
  world.worker().end.say_done(0, connected.id, connected.number);
  world.until_heard(2);
  ManualPort::Heard closed = world.worker().last();
  CHECK(closed.type == Told::closed);
  CHECK(closed.id == connected.id);
  CHECK(world.rows() == 1);
  world.worker().end.say_done(0, closed.id, closed.number);
  world.turn_until([&] { return world.gate->deliveries.empty(); });
  CHECK(world.rows() == 0);
}

TEST_CASE("gate/deliveries: who says done for what another has is not believed") {
  StreamWorld world({.workers = 2});
  Peer peer = world.open();
  peer.write("x");
  world.turn_until([&] {
    return !world.worker(0).manual.heard.empty() || !world.worker(1).manual.heard.empty();
  });
  uint32_t holder = world.worker(0).manual.heard.empty() ? 1 : 0;
  ManualPort::Heard heard = world.worker(holder).manual.heard[0];
  world.worker(1 - holder).end.say_done(0, heard.id, heard.number);
  world.worker(holder).end.say_done(0, heard.id, heard.number + 1);
  world.turns(3);
  CHECK_FALSE(world.gate->deliveries.empty());
  world.worker(holder).end.say_done(0, heard.id, heard.number);
  world.turns(3);
  CHECK(world.gate->deliveries.empty());
}

// ---------------------------------------------------------------- workers that die

TEST_CASE("gate/deliveries: what a dead worker had not read is its successor's") {
  for (OnWorkerDeath mode : {OnWorkerDeath::close, OnWorkerDeath::lose, OnWorkerDeath::redeliver}) {
    StreamWorld world({.on_death = mode});
    Peer peer = world.open();
    world.worker().end.read(false);
    world.turn();
    peer.write("x");
    world.turns(3);
    world.kill(0);
    world.turns(3);
    world.start(0);
    world.until_heard(1);
    world.worker().answer(world.worker().last(), "y");
    CHECK(world.read(peer, 1) == "y");
    world.turns(5);
    CHECK(texts(world.worker()) == std::vector<std::string>{"x"});
    CHECK_FALSE(peer.over());
  }
}

TEST_CASE("gate/deliveries: a message in the hands of a dead worker") {
  for (OnWorkerDeath mode : {OnWorkerDeath::close, OnWorkerDeath::lose, OnWorkerDeath::redeliver}) {
    StreamWorld world({.on_death = mode});
    Peer peer = world.open();
    peer.write("x");
    world.until_heard(1);
    ManualPort::Heard heard = world.worker().last();
    // It has answered, but the word that it is done never leaves.
    world.worker().end.say_together(0, Said::send, heard.id, 0, 0, 0, "lost");
    world.kill(0);
    world.turns(3);
    peer.write("z");
    world.start(0);
    if (mode == OnWorkerDeath::close) {
      CHECK(world.read_all(peer).empty());
      CHECK(world.worker().manual.heard.empty());
      peer.close();
      world.turn_until([&] { return world.closed(CloseReason::handler_failed) == 1; });
      continue;
    }
    std::string expected = mode == OnWorkerDeath::lose ? "z" : "xz";
    std::string got;
    for (size_t i = 1; i <= expected.size(); i++) {
      world.until_heard(i);
      got += world.worker().manual.heard.back().bytes;
      world.worker().answer(world.worker().last(), world.worker().manual.heard.back().bytes);
    }
    CHECK(got == expected);
    CHECK(world.read(peer, expected.size()) == expected);
    CHECK(world.closed(CloseReason::handler_failed) == 0);
  }
}

TEST_CASE("gate/deliveries: what was answered and done by who died then is answered once") {
  for (bool others_begin : {false, true}) {
    StreamWorld world({.on_death = OnWorkerDeath::redeliver, .workers = 2});
    Peer peer = world.open();
    peer.write("x");
    world.turn_until([&] {
      return !world.worker(0).manual.heard.empty() || !world.worker(1).manual.heard.empty();
    });
    uint32_t holder = world.worker(0).manual.heard.empty() ? 1 : 0;
    world.worker(holder).answer(world.worker(holder).last(), "y");
    world.gate->crew.wire(holder).read(false);
    world.turn();  // it has left, and the gate has not read it
    world.gate->crew.wire(holder).read(true);
    if (others_begin) {
      world.die(holder);
      world.kill(1 - holder);
      world.start(1 - holder);
    } else {
      world.kill(holder);
    }
    CHECK(world.read(peer, 1) == "y");
    world.start(holder);
    world.turns(10);
    CHECK(peer.read().empty());
    CHECK(world.worker(holder).manual.heard.empty());
    CHECK(world.gate->deliveries.empty());
  }
}

TEST_CASE("gate/deliveries: a message comes again four times, then its connection is closed") {
  StreamWorld world({.on_death = OnWorkerDeath::redeliver});
  Peer peer = world.open();
  peer.write("poison");
  for (int i = 0; i < 5; i++) {
    world.until_heard(1);
    CHECK(texts(world.worker()) == std::vector<std::string>{"poison"});
    world.kill(0);
    world.start(0);
  }
  CHECK(world.read_all(peer).empty());
  world.turns(5);
  CHECK(world.worker().manual.heard.empty());
  peer.close();
  world.turn_until([&] { return world.closed(CloseReason::handler_failed) == 1; });
  CHECK(world.rows() == 0);
}

TEST_CASE("gate/deliveries: who was one of many in the hands of a dead worker is told again alone") {
  StreamWorld world({.on_death = OnWorkerDeath::redeliver});
  std::vector<Peer> peers;
  for (int i = 0; i < 5; i++) peers.push_back(world.open());
  for (Peer& peer : peers) peer.write("x");
  world.turn(*world.reactor);  // All in one unit.
  world.until_heard(1);
  CHECK(world.worker().manual.heard.size() == 5);
  // Each life has one in its hands when it dies: nobody is charged with what others died of.
  for (int i = 0; i < 5; i++) {
    world.kill(0);
    world.start(0);
    world.until_heard(1);
    CHECK(world.worker().manual.heard.size() == 1);
  }
  for (size_t i = 1; i <= 5; i++) {
    world.until_heard(i);
    world.worker().answer(world.worker().last(), "y");
  }
  for (Peer& peer : peers) CHECK(world.read(peer, 1) == "y");
}

TEST_CASE("gate/deliveries: a worker gets 32 in its hands at once, not all that wait") {
  StreamWorld world({.on_death = OnWorkerDeath::lose});
  std::vector<Peer> peers;
  for (int i = 0; i < 40; i++) peers.push_back(world.open());
  for (Peer& peer : peers) peer.write("x");
  world.turn(*world.reactor);
  world.until_heard(1);
  CHECK(world.worker().manual.heard.size() == 32);
  world.until_heard(40);
}

TEST_CASE("gate/deliveries: a long message that was half read") {
  for (OnWorkerDeath mode : {OnWorkerDeath::lose, OnWorkerDeath::redeliver}) {
    StreamOptions options;
    options.framing.kind = StreamFraming::Kind::delimiter;
    options.framing.delimiter = "\n";
    StreamWorld world({.on_death = mode}, StreamWorld::all(), options);
    Peer peer = world.open();
    world.worker().end.read(false);
    world.turn();
    std::string text(200'000, 'x');
    for (size_t at = 0; at < text.size();) {
      at += peer.write(std::string_view(text).substr(at));
      world.turn();
    }
    peer.write("\n");
    world.turn_until([&] { return !world.gate->deliveries.empty(); });
    world.worker().end.read(true);
    world.turns(4);
    CHECK(world.worker().manual.heard.empty());
    world.kill(0);
    world.start(0);
    if (mode == OnWorkerDeath::redeliver) {
      world.until_heard(1);
      CHECK(world.worker().last().bytes == text);
    }
    world.turns(20);
    CHECK(world.worker().manual.heard.size() == (mode == OnWorkerDeath::redeliver ? 1 : 0));
    CHECK(world.gate->broken == 0);
    if (mode == OnWorkerDeath::redeliver) continue;
    peer.write("next\n");
    world.until_heard(1);
    CHECK(world.worker().last().bytes == "next");
  }
}

TEST_CASE("gate/deliveries: events are heard although workers die") {
  StreamWorld world({.on_death = OnWorkerDeath::close}, StreamWorld::every());
  Peer peer = world.open();
  world.until_heard(1);
  world.kill(0);
  world.start(0);
  world.until_heard(1);
  ManualPort::Heard connected = world.worker().last();
  CHECK(connected.type == Told::connected);
  constexpr uint16_t kFinished = static_cast<uint16_t>(CloseReason::finished);
  world.worker().end.say(0, Said::abort, connected.id, 0, kFinished);
  world.worker().end.say_done(0, connected.id, connected.number);
  world.until_heard(2);
  CHECK(world.worker().manual.heard[1].type == Told::closed);
  world.kill(0);
  world.start(0);
  world.until_heard(1);
  ManualPort::Heard closed = world.worker().last();
  CHECK(closed.type == Told::closed);
  CHECK(closed.flags == kFinished);
  world.worker().end.say_done(0, closed.id, closed.number);
  world.turns(3);
  CHECK(world.rows() == 0);
}

TEST_CASE("gate/deliveries: who leaves keeps what it has while its successor reads") {
  StreamWorld world;
  Peer first = world.open(), second = world.open();
  first.write("a");
  world.until_heard(1);
  ManualPort::Heard held = world.worker().last();
  world.worker().end.read(false);
  world.drained.push_back(std::move(world.workers[0]));
  world.start(0);
  second.write("b");
  world.until_heard(1);
  world.worker().answer(world.worker().last(), "B");
  CHECK(world.read(second, 1) == "B");
  CHECK(first.read().empty());
  world.drained[0]->answer(held, "A");
  CHECK(world.read(first, 1) == "A");
  // One that is gone later has lost what it had, and no more.
  first.write("c");
  world.until_heard(2);
  world.die(world.drained[0]);
  world.drained.clear();
  world.gate->crew.look();
  world.worker().answer(world.worker().last(), "C");
  CHECK(world.read(first, 1) == "C");
}

TEST_CASE("gate/deliveries: what a leaving life held is lost when it dies, and only that") {
  StreamWorld world({.on_death = OnWorkerDeath::redeliver});
  Peer first = world.open(), second = world.open();
  first.write("a");
  world.until_heard(1);
  world.worker().end.read(false);
  world.drained.push_back(std::move(world.workers[0]));
  world.start(0);
  second.write("b");
  world.until_heard(1);
  ManualPort::Heard own = world.worker().last();
  world.die(world.drained[0]);
  world.drained.clear();
  world.gate->crew.look();
  world.until_heard(2);
  CHECK(world.worker().manual.heard[1].bytes == "a");
  world.worker().answer(world.worker().last(), "A");
  world.worker().answer(own, "B");
  CHECK(world.read(first, 1) == "A");
  CHECK(world.read(second, 1) == "B");
  CHECK(world.worker().manual.heard.size() == 2);
}

// ---------------------------------------------------------------- back-pressure

TEST_CASE("gate/deliveries: while a worker does not read, one message of each connection waits") {
  StreamWorld world;
  world.worker().end.read(false);
  std::vector<Peer> peers;
  for (int i = 0; i < 200; i++) peers.push_back(world.open());
  world.turn();
  std::string text(16'000, 'x');
  for (Peer& peer : peers)
    for (int i = 0; i < 4; i++) peer.write(text);
  world.turns(20);
  Wire& wire = world.gate->crew.wire(0);
  CHECK(wire.full());
  CHECK(wire.waiting_bytes() < 4 * Wire::kDatagramBytes);
  uint64_t in = world.scoreboard.life(0).bytes_in.value();
  world.turns(20);
  CHECK(world.scoreboard.life(0).bytes_in.value() == in);
  CHECK(in < 200 * 4 * 16'000);
  world.worker().end.read(true);
  size_t bytes = 0, next = 0;
  world.turn_until([&] {
    auto& heard = world.worker().manual.heard;
    for (; next < heard.size(); next++) {
      bytes += heard[next].bytes.size();
      world.worker().end.say_done(0, heard[next].id, heard[next].number);
    }
    return bytes == 200 * 4 * 16'000;
  });
}

TEST_CASE("gate/deliveries: while the gate does not read, a worker does not hear") {
  StreamWorld world;
  std::vector<Peer> peers;
  for (int i = 0; i < 3; i++) peers.push_back(world.open());
  world.turn();
  peers[0].write("a");
  world.until_heard(1);
  ManualPort::Heard heard = world.worker().last();
  world.gate->crew.wire(0).read(false);
  std::string text(30'000, 'x');
  while (world.worker().end.all_left()) {
    world.worker().end.say(0, Said::send, heard.id, 0, 0, text);
    world.turn();
  }
  for (Peer& peer : peers) peer.write("b");
  world.turns(5);
  size_t then = world.worker().manual.heard.size();
  for (; world.worker().taken < then; world.worker().taken++) {
    const ManualPort::Heard& late = world.worker().manual.heard[world.worker().taken];
    world.worker().end.say_done(0, late.id, late.number);
  }
  peers[1].write("c");
  peers[2].write("c");
  world.turns(5);
  CHECK(world.worker().manual.heard.size() == then);
  int left = 0;
  world.worker().end.on_all_left([&] { left++; });
  world.gate->crew.wire(0).read(true);
  world.until_heard(then + 1);
  CHECK(left == 1);
}

TEST_CASE("gate/deliveries: what can't be sent any more is told when there is room") {
  StreamWorld world({}, StreamWorld::every());
  world.worker().end.read(false);
  std::vector<Peer> peers;
  for (int i = 0; i < 100; i++) peers.push_back(world.open());
  std::string text(16'000, 'x');
  for (Peer& peer : peers) peer.write(text);
  world.turns(10);
  peers.clear();
  world.turns(10);
  world.gate->pool.abort_all();
  world.turns(3);
  CHECK(world.gate->pool.empty());
  CHECK(world.rows() == 100);
  world.worker().end.read(true);
  size_t next = 0, closed = 0;
  world.turn_until([&] {
    auto& heard = world.worker().manual.heard;
    for (; next < heard.size(); next++) {
      closed += heard[next].type == Told::closed;
      world.worker().end.say_done(0, heard[next].id, heard[next].number);
    }
    return world.gate->deliveries.empty();
  });
  CHECK(closed == 100);
  CHECK(world.rows() == 0);
}
