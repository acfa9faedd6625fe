#include <oklo/co_stream.h>

#include "co_stream_world.h"
#include "sys/time.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

using oklo::Co;
using oklo::CloseReason;
using oklo::Stream;

namespace {

constexpr uint32_t kLong = 60'000;

std::string why(const Stream& peer) {
  return peer.closed() ? std::string(oklo::close_reason_name(*peer.closed())) : "open";
}

// Lets what was armed for so long become due, and turns nothing.
void let_pass(uint64_t ms) {
  uint64_t end = oklo::sys::monotonic_ms() + ms;
  while (oklo::sys::monotonic_ms() <= end) {}
}

}  // namespace

TEST_CASE("server/read_time: a read that waits too long gives nothing, and the stream is closed") {
  for (size_t there : {0, 1, 2}) {
    CAPTURE(there);
    std::string order;
    CoStreamWorld world([&](Stream peer) -> Co<> {
      Witness witness(order, "local");
      peer.set_read_time(2);
      co_await peer.write("hello");
      std::optional<std::string_view> nothing;
      if (there == 0) nothing = co_await peer.read();
      if (there == 1) nothing = co_await peer.read_line();
      if (there == 2) nothing = co_await peer.read_exactly(3);
      order += told(nothing) + why(peer) + " ";
      auto again = co_await peer.read_line();
      bool sent = co_await peer.write("never");
      CHECK_FALSE(sent);
      CHECK(peer.ended());
      order += told(again);
      co_await oklo::sleep_ms(0);
      order += "never ";
    });
    Peer peer = world.connect(std::string(there, 'x'));
    world.wait_until([&] { return !order.empty(); });
    CHECK(order == "nothing idle_timeout nothing ~local ");
    CHECK(world.read_all(peer) == "hello");
    peer.close();
    world.settle();
    CHECK(world.closed(CloseReason::idle_timeout) == 1);
    CHECK(world.here.timers.size() == 0);
  }
}

TEST_CASE("server/read_time: it runs while a read waits, and at no other time") {
  Gate gate;
  CoStreamWorld world([&](Stream peer) -> Co<> {
    peer.set_read_time(kLong);
    auto read = peer.read_line();
    co_await read;
    co_await gate.wait();
    peer.set_read_time(0);
    co_await peer.read_line();
    peer.set_read_time(kLong);
    auto there = co_await peer.read_line();
    CHECK(told(there) == "(three)");
    co_await peer.read_line();
  });
  Peer peer = world.connect();
  world.settle();
  CHECK(world.here.timers.size() == 1);
  world.give(peer, "half");
  CHECK(world.here.timers.size() == 1);
  world.give(peer, " one\n");
  CHECK(world.here.timers.size() == 0);
  gate.open();
  world.settle();
  CHECK(world.here.timers.size() == 0);
  world.give(peer, "two\nthree\n");
  CHECK(world.here.timers.size() == 1);
  peer.finish();
  world.settle();
  CHECK(world.here.timers.size() == 0);
  CHECK(world.closed(CloseReason::finished) == 1);
}

TEST_CASE("server/read_time: who sends a line byte by byte has no more time, and what came can be read") {
  std::string order;
  CoStreamWorld world([&order](Stream peer) -> Co<> {
    peer.set_read_time(20);
    auto line = co_await peer.read_line();
    order += told(line);
    auto rest = co_await peer.read();
    order += told(rest) + why(peer);
  });
  Peer peer = world.connect("aaa");
  size_t sent = 0;
  world.turn_until([&] {
    if (sent < 1000) sent += peer.write("a");
    return !order.empty();
  });
  CHECK(order.starts_with("nothing (aaa"));
  CHECK(order.ends_with("aaa)idle_timeout"));
}

TEST_CASE("server/read_time: what comes in the turn in which the time is over has come in time") {
  std::string order;
  CoStreamWorld world([&order](Stream peer) -> Co<> {
    peer.set_read_time(1);
    auto line = co_await peer.read_line();
    order += told(line) + why(peer);
    peer.set_read_time(0);
    co_await peer.read_line();
  });
  Peer peer = world.connect();
  CHECK(world.here.timers.size() == 1);
  world.turn();
  if (order.empty()) {
    let_pass(2);
    CHECK(peer.write("line\n") == 5);
    world.turn();
    CHECK(order == "(line)open");
    CHECK(world.here.timers.size() == 0);
  }
}

TEST_CASE("server/read_time: a connection that ends first says why, and nothing is left") {
  std::string order;
  CoStreamWorld world([&order](Stream peer) -> Co<> {
    peer.set_read_time(kLong);
    auto nothing = co_await peer.read();
    order += told(nothing) + why(peer);
  });
  Peer peer = world.connect();
  world.settle();
  world.pool.abort_all();
  world.settle();
  CHECK(order == "nothing aborted");
  CHECK(world.here.timers.size() == 0);
}

TEST_CASE("server/read_time: a coroutine that waits elsewhere for its stream ends with it") {
  std::string order;
  Gate gate;
  auto elsewhere = [&]() -> Co<> {
    Witness witness(order, "elsewhere");
    co_await gate.wait();
    order += "never ";
  };
  auto reader = [&](Stream& peer) -> Co<> {
    co_await peer.read();
    order += why(peer) + " ";
  };
  CoStreamWorld world([&](Stream peer) -> Co<> {
    peer.set_read_time(2);
    co_await oklo::all(elsewhere(), reader(peer));
    order += "never ";
  });
  Peer peer = world.connect();
  world.wait_until([&] { return !order.empty(); });
  CHECK(order == "idle_timeout ~elsewhere ");
}

TEST_CASE("server/read_time: a peer that takes nothing holds up neither who reads nor who writes") {
  const std::string much(200'000, 'x');
  std::string order;
  size_t written = 0;
  auto reader = [&](Stream& peer) -> Co<> {
    co_await peer.read();
    order += "read " + why(peer) + " ";
  };
  auto writer = [&](Stream& peer) -> Co<> {
    for (; co_await peer.write(much); written += much.size()) {}
    order += "write ";
  };
  oklo::StreamOptions options;
  options.high_water = 100'000;
  options.low_water = 10'000;
  CoStreamWorld world(
      [&](Stream peer) -> Co<> {
        peer.set_read_time(2);
        co_await oklo::all(reader(peer), writer(peer));
        order += "end";
      },
      options);
  Peer peer = world.connect();
  world.wait_until([&] { return !order.empty(); });
  CHECK(order == "read idle_timeout write end");
  // What is told late, as in process mode, does not cut off what was sent.
  world.pool.for_each([&](oklo::net::Connection& connection) {
    oklo::with_connection(connection.id(), [&](oklo::Connection& c) {
      world.handlers.on_receive(c, "late");
      world.handlers.on_end(c);
    });
  });
  CHECK(world.read_all(peer).size() == written + much.size());
  peer.close();
  world.settle();
  CHECK(world.closed(CloseReason::idle_timeout) == 1);
}

TEST_CASE("server/read_time: of a stream that was connected to another server") {
  Listening listening;
  std::string address = listening.address.to_string();
  CoStreamWorld world(echo_lines);
  oklo::spawn([&]() -> Co<> {
    Stream none;
    none.set_read_time(1);
    Stream other = co_await oklo::connect(address);
    other.set_read_time(kLong);
    auto line = co_await other.read_line();
    world.order += told(line);
    other.set_read_time(2);
    auto nothing = co_await other.read_line();
    world.order += told(nothing) + why(other);
  });
  world.settle();
  Peer other = world.accept(listening);
  world.give(other, "one\n");
  CHECK(world.order == "(one)");
  world.wait_until([&] { return world.order.size() > 5; });
  CHECK(world.order == "(one)nothing idle_timeout");
  CHECK(world.read_all(other).empty());
  other.close();
  world.settle();
  CHECK(world.pool.empty());
  CHECK(world.closed(CloseReason::idle_timeout) == 1);
  CHECK(world.here.timers.size() == 0);
}

TEST_CASE("server/read_time: many that are silent leave nothing behind") {
  int alive = 0;
  struct Counted {
    explicit Counted(int& of) : count(of) { count++; }
    ~Counted() { count--; }
    Counted(const Counted&) = delete;
    int& count;
  };
  CoStreamWorld world([&alive](Stream peer) -> Co<> {
    Counted counted(alive);
    peer.set_read_time(3);
    while (co_await peer.read_line()) {}
  });
  std::vector<Peer> peers;
  for (int i = 0; i < 40; i++) peers.push_back(world.connect(i % 2 ? "x\ny" : ""));
  world.wait_until([&] { return alive == 0; });
  CHECK(world.here.timers.size() == 0);
  peers.clear();
  world.turn_until([&] { return world.pool.empty(); });
}
