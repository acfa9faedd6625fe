#include "gate/stream_gate.h"

#include <sys/mman.h>

#include <string>
#include <vector>

#include "stream_gate_world.h"

using namespace gate_test;

namespace {

sys::Fd file_with(const std::string& text) {
  sys::Fd file(memfd_create("test", MFD_CLOEXEC));
  REQUIRE(write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  return file;
}

StreamHandlers echo() {
  StreamHandlers handlers;
  handlers.on_receive = [](Connection& connection, std::string_view bytes) {
    CHECK(connection.send("<"));
    CHECK(connection.send(bytes));
  };
  return handlers;
}

}  // namespace

TEST_CASE("gate/stream: who ends the sending side behind a request gets the answer") {
  StreamWorld world({}, echo(), {}, false);
  Peer peer = world.open();
  peer.write("last");
  peer.finish();
  CHECK(world.read_all(peer) == "<last");
  CHECK(peer.ended());
  world.turns(3);
  CHECK(world.rows() == 0);
}

TEST_CASE("gate/stream: the same when the answer takes long, and the end is told behind it") {
  StreamWorld world({}, StreamWorld::every());
  Peer peer = world.open();
  world.until_heard(1);
  world.worker().end.say_done(0, world.worker().manual.heard[0].id, world.worker().last().number);
  peer.write("x");
  peer.finish();
  world.until_heard(2);
  world.turns(5);
  CHECK(world.worker().manual.heard.size() == 2);
  world.worker().answer(world.worker().last(), "y");
  CHECK(world.read(peer, 1) == "y");
  world.until_heard(3);
  CHECK(world.worker().manual.heard[2].type == Told::ended);
}

TEST_CASE("gate/stream: a handler does to a connection of the gate what it does to its own") {
  StreamHandlers handlers;
  std::string closed;
  handlers.on_receive = [](Connection& connection, std::string_view bytes) {
    ++connection.state<int>();
    if (bytes == "state") connection.send(std::to_string(connection.state<int>()));
    if (bytes == "file") connection.send_file(file_with("0123456789").get(), 2, 5);
    if (bytes == "close") {
      connection.send("bye");
      connection.close();
      CHECK_FALSE(connection.send("lost"));
    }
    if (bytes == "abort") connection.abort();
    if (bytes == "shutdown") {
      connection.shutdown_send();
      CHECK_FALSE(connection.send("lost"));
    }
    if (bytes == "peer") connection.send(connection.info().peer);
  };
  handlers.on_close = [&](Connection& connection, CloseReason reason) {
    CHECK_FALSE(connection.send("lost"));
    closed += close_reason_name(reason);
  };
  StreamWorld world({}, std::move(handlers), {}, false);
  Peer peer = world.open(*sys::Address::parse("192.0.2.1:99"));
  auto ask = [&](Peer& from, std::string_view bytes) {
    from.write(bytes);
    std::string text;
    for (int i = 0; i < 8; i++) {
      world.turn();
      text += from.read();
    }
    return text;
  };
  CHECK(ask(peer, "state") == "1");
  CHECK(ask(peer, "state") == "2");
  CHECK(ask(peer, "file") == "23456");
  CHECK(ask(peer, "peer") == "192.0.2.1:99");
  CHECK(ask(peer, "close") == "bye");
  CHECK(peer.ended());
  peer.close();
  world.turn_until([&] { return closed == "finished"; });
  Peer next = world.open();
  CHECK(ask(next, "state") == "1");
  CHECK(ask(next, "shutdown").empty());
  CHECK(next.ended());
  next.finish();
  world.turn_until([&] { return closed == "finishedfinished"; });
  Peer last = world.open();
  CHECK(ask(last, "abort").empty());
  CHECK(last.over());
  world.turns(5);
  CHECK(world.rows() == 0);
}

TEST_CASE("gate/stream: more files than go with one datagram, in one call of a handler") {
  StreamHandlers handlers;
  handlers.on_receive = [](Connection& connection, std::string_view) {
    sys::Fd file = file_with("0123456789");
    for (uint64_t i = 0; i < 150; i++) CHECK(connection.send_file(file.get(), i % 10, 1));
  };
  StreamWorld world({}, std::move(handlers), {}, false);
  Peer peer = world.open();
  peer.write("x");
  std::string expected;
  for (int i = 0; i < 15; i++) expected += "0123456789";
  CHECK(world.read(peer, 150) == expected);
}

TEST_CASE("gate/stream: what a worker says of a connection that is gone or closed is heard by nobody") {
  StreamWorld world;
  Peer peer = world.open();
  peer.write("x");
  world.until_heard(1);
  ManualPort::Heard heard = world.worker().last();
  world.worker().end.say(0, Said::close, heard.id, 0);
  for (Said type : {Said::send, Said::abort, Said::shutdown_send, Said::pause, Said::resume, Said::close})
    world.worker().end.say(0, type, heard.id, 0, 0, "late");
  world.worker().end.say(0, Said::send_file, heard.id, 0, 0, "0123456789abcdef", file_with("x"));
  world.worker().end.say_done(0, heard.id, heard.number);
  CHECK(world.read_all(peer).empty());
  peer.close();
  world.turn_until([&] { return world.rows() == 0; });
  world.worker().end.say(0, Said::send, heard.id, 0, 0, "later");
  world.turns(3);
  CHECK(world.gate->broken == 0);
}

TEST_CASE("gate/stream: a worker says why it closes, and nothing that is no reason") {
  StreamWorld world({}, StreamWorld::every());
  Peer peer = world.open();
  world.until_heard(1);
  ManualPort::Heard heard = world.worker().last();
  auto close = [&](CloseReason reason) {
    world.worker().end.say(0, Said::close, heard.id, 0, static_cast<uint16_t>(reason));
  };
  close(CloseReason::count);
  world.turns(3);
  CHECK(world.gate->broken == 1);
  CHECK(world.gate->pool.size() == 1);
  close(CloseReason::idle_timeout);
  world.worker().end.say_done(0, heard.id, heard.number);
  CHECK(world.read_all(peer).empty());
  peer.close();
  world.until_heard(2);
  ManualPort::Heard closed = world.worker().last();
  CHECK(closed.type == Told::closed);
  CHECK(closed.flags == static_cast<uint16_t>(CloseReason::idle_timeout));
}

TEST_CASE("gate/stream: a thread that stops closes, and its workers hear of it") {
  StreamWorld world({}, StreamWorld::every());
  Peer peer = world.open();
  world.until_heard(1);
  ManualPort::Heard heard = world.worker().last();
  world.gate->pool.drain(DrainMode::stop);
  CHECK(world.read_all(peer).empty());
  peer.close();
  world.turn_until([&] { return world.gate->pool.empty(); });
  CHECK_FALSE(world.gate->deliveries.empty());
  bool empty = false;
  world.gate->deliveries.on_empty([&] { empty = true; });
  world.worker().end.say_done(0, heard.id, heard.number);
  world.until_heard(2);
  CHECK(world.worker().manual.heard[1].flags == static_cast<uint16_t>(CloseReason::drained));
  CHECK_FALSE(empty);
  world.worker().end.say_done(0, heard.id, world.worker().last().number);
  world.turn_until([&] { return empty; });
}

TEST_CASE("gate/stream: one that is bound to a worker ends when that dies or leaves, and no other does") {
  for (auto bond : {StreamGate::Bond::worker, StreamGate::Bond::none}) {
    bool bound = bond == StreamGate::Bond::worker;
    CAPTURE(bound);
    std::vector<CloseReason> told;
    StreamHandlers handlers = StreamWorld::every();
    handlers.on_receive = [](Connection& connection, std::string_view bytes) { connection.send(bytes); };
    handlers.on_close = [&told](Connection&, CloseReason reason) { told.push_back(reason); };
    StreamWorld world({.workers = 2}, std::move(handlers), {}, false, bond);
    auto goes_on = [&world](Peer& peer) {
      peer.write("x");
      return world.read(peer, 1) == "x";
    };
    Peer peers[2] = {world.open(), world.open()};
    for (Peer& peer : peers) REQUIRE(goes_on(peer));
    REQUIRE(world.worker(0).context.row->requests.value() == 1);
    bool first = worker_of(ConnectionId{0, 1}, 2) == 0;
    Peer &of_dead = peers[first ? 0 : 1], &of_left = peers[first ? 1 : 0];
    world.kill(0);
    world.start(0);
    world.turns(5);
    CHECK(goes_on(of_dead) == !bound);
    CHECK(goes_on(of_left));
    world.leave(1);
    CHECK(goes_on(of_left) == !bound);
    for (Peer& peer : peers) peer.close();
    world.turn_until([&] { return world.gate->pool.empty() && world.gate->deliveries.empty(); });
    REQUIRE(told.size() == 2);
    CHECK((told[0] == CloseReason::handler_failed) == bound);
    CHECK((told[1] == CloseReason::drained) == bound);
    CHECK(world.gate->broken == 0);
  }
}

TEST_CASE("gate/stream: one that is bound is told of to its worker alone, also that it is over") {
  for (Dispatch mode : {Dispatch::connection, Dispatch::round_robin, Dispatch::idle}) {
    StreamWorld world({.dispatch = mode, .workers = 3}, StreamWorld::every(), {}, true,
                      StreamGate::Bond::worker);
    std::vector<Told> told;
    // Which worker hears the next thing of the connection.
    auto next = [&](uint32_t own) {
      uint32_t found = 9;
      world.turn_until([&] {
        for (uint32_t i = 0; i < 3; i++)
          if (world.worker(i).manual.heard.size() > (i == own ? told.size() : 0)) found = i;
        return found != 9;
      });
      told.push_back(world.worker(found).manual.heard.back().type);
      return found;
    };
    auto say_done = [&](uint32_t own) {
      ManualPort::Heard heard = world.worker(own).manual.heard.back();
      world.worker(own).end.say_done(0, heard.id, heard.number);
      world.turns(3);
    };
    Peer peer = world.open();
    uint32_t own = next(9);
    say_done(own);
    world.worker(own).context.row->late = true;
    for (int i = 0; i < 2; i++) {
      peer.write("x");
      REQUIRE(next(own) == own);
      if (i == 0) say_done(own);
    }
    peer.close();
    world.turns(3);
    say_done(own);
    CHECK(next(own) == own);
    std::vector<Told> all = {Told::connected, Told::received, Told::received, Told::closed};
    CHECK(told == all);
  }
}
