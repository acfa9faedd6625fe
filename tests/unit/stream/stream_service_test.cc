#include "stream/stream_service.h"

#include "stream_world.h"

#include <functional>
#include <vector>

#include "net/heap.h"

using oklo::CloseReason;
using oklo::Connection;
using oklo::StreamHandlers;
using oklo::StreamOptions;

namespace {

std::string lines_of(const StreamHandlers& handlers, const StreamOptions& options) {
  const char* fault = oklo::stream::StreamService::fault(handlers, options);
  return fault ? fault : "";
}

StreamHandlers echo() {
  return {.on_receive = [](Connection& c, std::string_view bytes) { c.send(bytes); }};
}

}  // namespace

TEST_CASE("stream/service: the handlers are called in their order, with the answer in between") {
  std::string calls;
  StreamHandlers handlers = recording(calls);
  handlers.on_receive = [&calls](Connection& c, std::string_view bytes) {
    calls.append("receive(").append(bytes).append(") ");
    CHECK(c.send(bytes));
  };
  handlers.on_end = [&calls](Connection& c) {
    calls += "end ";
    CHECK(c.send("bye"));
    c.close();
  };
  StreamWorld world(std::move(handlers));
  Peer peer = world.connect("one");
  world.settle();
  CHECK(peer.read() == "one");
  peer.write("two");
  world.settle();
  CHECK(peer.read() == "two");
  peer.finish();
  CHECK(world.read_all(peer) == "bye");
  world.settle();
  CHECK(calls == "connect receive(one) sent receive(two) sent end close(finished) ");
  CHECK(world.life.requests.value() == 2);
  CHECK(world.life.bytes_in.value() == 6);
  CHECK(world.life.bytes_out.value() == 9);
}

TEST_CASE("stream/service: without on_end what was sent goes out before it closes") {
  StreamWorld world(echo());
  Peer peer = world.connect("all of it");
  peer.finish();
  CHECK(world.read_all(peer) == "all of it");
  world.settle();
  CHECK(world.closed(CloseReason::peer_closed) == 1);
}

TEST_CASE("stream/service: with on_end the connection stays until a handler closes it") {
  int ends = 0;
  StreamHandlers handlers = echo();
  handlers.on_end = [&ends](Connection& c) { ends += c.send("?") ? 1 : 100; };
  StreamWorld world(std::move(handlers));
  Peer peer = world.connect();
  peer.finish();
  world.settle();
  CHECK(ends == 1);
  CHECK(peer.read() == "?");
  CHECK_FALSE(peer.ended());
  CHECK(world.pool.size() == 1);
}

TEST_CASE("stream/service: on_sent comes once for all that was sent, and in a turn of its own") {
  int sent = 0;
  StreamHandlers handlers;
  handlers.on_receive = [](Connection& c, std::string_view) {
    c.send("a");
    c.send("b");
  };
  handlers.on_sent = [&sent](Connection& c) {
    if (++sent < 50) c.send("c");
  };
  StreamWorld world(std::move(handlers));
  Peer peer = world.connect("x");
  uint64_t before = world.life.turns.value();
  world.turn_until([&] { return sent == 50; });
  CHECK(peer.read() == "ab" + std::string(49, 'c'));
  // Nobody else waits while one sends and sends.
  CHECK(world.life.turns.value() - before >= 50);
}

TEST_CASE("stream/service: to close or abort is safe in each handler") {
  for (bool abort : {false, true}) {
    for (int in = 0; in < 6; in++) {
      CAPTURE(abort);
      CAPTURE(in);
      std::string calls;
      StreamHandlers handlers = recording(calls);
      int at = 0;
      auto end = [&at, in, abort](Connection& c, int where) {
        at = where;
        if (where != in) return;
        if (abort) c.abort();
        else c.close();
        CHECK_FALSE(c.send("late"));
        CHECK_FALSE(c.send_file("/proc/self/exe"));
        c.pause();
        c.resume();
        c.shutdown_send();
        c.close();
        c.abort();
      };
      handlers.on_connect = [&](Connection& c) { end(c, 0); };
      handlers.on_receive = [&](Connection& c, std::string_view) {
        c.send(std::string(1000, 'x'));
        end(c, 1);
      };
      handlers.on_buffer_full = [&](Connection& c) { end(c, 2); };
      handlers.on_buffer_drain = [&](Connection& c) { end(c, 3); };
      handlers.on_sent = [&](Connection& c) { end(c, 4); };
      handlers.on_end = [&](Connection& c) {
        end(c, 5);
        c.close();
      };
      std::string reasons;
      handlers.on_close = [&](Connection& c, CloseReason reason) {
        reasons += oklo::close_reason_name(reason);
        c.close();
        c.abort();
        CHECK_FALSE(c.send("late"));
        c.pause();
        c.resume();
      };
      StreamWorld world(std::move(handlers), {.high_water = 100, .low_water = 10});
      Peer peer = world.connect("x");
      world.settle();
      peer.finish();
      world.settle();
      CHECK(at == in);
      peer.close();
      world.settle();
      CHECK(reasons == "finished");
      CHECK(world.pool.size() == 0);
    }
  }
}

TEST_CASE("stream/service: what waits behind a message that closed is not delivered") {
  std::string calls;
  StreamHandlers handlers = recording(calls);
  handlers.on_receive = [&calls](Connection& c, std::string_view line) {
    calls.append(line).append(" ");
    c.send(line);
    if (line == "b") c.close();
  };
  StreamOptions options;
  options.framing.kind = oklo::StreamFraming::Kind::delimiter;
  options.framing.delimiter = "\n";
  StreamWorld world(std::move(handlers), options);
  Peer peer = world.connect("a\nb\nc\n");
  world.settle();
  CHECK(peer.read() == "ab");
  CHECK(peer.over());
  peer.close();
  world.settle();
  CHECK(calls == "connect a b close(finished) ");
}

TEST_CASE("stream/service: the state is zeroed, belongs to one connection and is there in on_close") {
  struct Tally {
    uint64_t bytes;
    uint32_t calls;
    char rest[52];
  };
  static_assert(sizeof(Tally) == oklo::kStateBytes);
  std::vector<uint64_t> totals;
  StreamHandlers handlers;
  handlers.on_receive = [](Connection& c, std::string_view bytes) {
    c.state<Tally>().bytes += bytes.size();
    c.state<Tally>().calls++;
    c.state<Tally>().rest[51] = 'x';
  };
  handlers.on_close = [&totals](Connection& c, CloseReason) {
    totals.push_back(c.state<Tally>().bytes * 1000 + c.state<Tally>().calls);
  };
  StreamWorld world(std::move(handlers));
  for (int round = 0; round < 2; round++) {
    totals.clear();
    std::vector<Peer> peers;
    for (size_t i = 0; i < 10; i++) peers.push_back(world.connect(std::string(i, 'x')));
    world.settle();
    for (size_t i = 5; i < 10; i++) peers[i].write("yy");
    world.settle();
    for (Peer& peer : peers) {
      peer.close();
      world.settle();
    }
    CHECK(totals ==
          std::vector<uint64_t>{0, 1001, 2001, 3001, 4001, 7002, 8002, 9002, 10002, 11002});
  }
}

TEST_CASE("stream/service: what is known of a connection") {
  oklo::ConnectionInfo info;
  oklo::ConnectionId id;
  StreamHandlers handlers;
  handlers.on_receive = [&](Connection& c, std::string_view) {
    c.send("1234");
    id = c.id();
    info = c.info();
  };
  StreamWorld world(std::move(handlers));
  Peer peer = world.connect("abc", *oklo::sys::Address::parse("[2001:db8::1]:5000"));
  world.settle();
  CHECK(info.peer == "[2001:db8::1]:5000");
  CHECK(info.bytes_in == 3);
  CHECK(info.bytes_out == 0);
  CHECK(info.queued == 4);
  CHECK(info.listener == 2);
  CHECK(info.worker == 3);
  CHECK(info.open_s <= 1000);
  CHECK(info.idle_s <= info.open_s);
  CHECK(static_cast<bool>(id));
  CHECK(world.table.row(id.row).generation == id.generation);
  CHECK(world.table.row(id.row).requests == 1);
  CHECK(world.table.row(id.row).kind == oklo::ConnectionKind::stream);
  peer.write("de");
  world.settle();
  CHECK(info.bytes_in == 5);
  CHECK(info.bytes_out == 4);
  Peer other = world.connect("x");
  world.settle();
  CHECK(info.peer == "unix");
}

TEST_CASE("stream/service: an echo of a small message allocates nothing") {
  StreamWorld world(echo());
  Peer peer = world.connect("first");
  world.settle();
  CHECK(peer.read() == "first");
  size_t before = heap_in_use();
  for (int i = 0; i < 100; i++) {
    peer.write("again");
    world.turn_until([&] { return world.life.bytes_out.value() == 5 * (static_cast<size_t>(i) + 2); });
  }
  if (heap_is_counted()) CHECK(heap_in_use() == before);
  CHECK(peer.read().size() == 500);
}

TEST_CASE("stream/service: one that is idle for too long is closed, one that is paused is not") {
  for (bool pauses : {false, true}) {
    CAPTURE(pauses);
    std::string calls;
    StreamHandlers handlers = recording(calls);
    handlers.on_connect = [pauses](Connection& c) {
      if (pauses) c.pause();
    };
    StreamWorld world(std::move(handlers), {.idle_time_ms = 5});
    Peer peer = world.connect();
    struct Alarm final : oklo::Timer {
      void on_timer() override { rang = true; }
      bool rang = false;
    } alarm;
    world.reactor->timers().arm(alarm, world.reactor->clock().now_ms + 60);
    world.wait_until([&] { return alarm.rang; });
    peer.read();
    CHECK(peer.ended() == !pauses);
    peer.close();
    world.settle();
    if (!pauses) CHECK(calls == "close(idle_timeout) ");
    else CHECK(calls.empty());
  }
}

TEST_CASE("stream/service: a worker that stops sends what is queued, one that is replaced waits") {
  for (auto mode : {oklo::DrainMode::reload, oklo::DrainMode::stop}) {
    StreamWorld world(echo());
    Peer peer = world.connect();
    world.settle();
    peer.write("ping");
    world.turn_until([&] { return world.life.bytes_in.value() == 4; });
    world.pool.drain(mode);
    world.settle();
    CHECK(peer.read() == "ping");
    CHECK(peer.ended() == (mode == oklo::DrainMode::stop));
    peer.write("pong");
    world.settle();
    CHECK(peer.read() == (mode == oklo::DrainMode::stop ? "" : "pong"));
    peer.close();
    world.settle();
    CHECK(world.closed(CloseReason::drained) == (mode == oklo::DrainMode::stop ? 1 : 0));
    CHECK(world.pool.size() == 0);
  }
}

TEST_CASE("stream/service: wrong options have a sentence each") {
  CHECK(lines_of({}, {}) == "on_receive is missing");
  CHECK(lines_of(echo(), {}).empty());
  CHECK(lines_of(echo(), {.write_stall_ms = 0}) == "write_stall_ms must be at least 1");
  CHECK(lines_of(echo(), {.queue_bytes = 0}) == "queue_bytes must be at least 1");
  CHECK(lines_of(echo(), {.high_water = 5, .low_water = 6}) == "low_water must not be above high_water");
  CHECK(lines_of(echo(), {.high_water = 5, .low_water = 5}).empty());
  CHECK(lines_of(echo(), {.keepalive_s = 40'000}) == "keepalive_s must be at most 32767");
  CHECK(lines_of(echo(), {.backlog = 0}) == "backlog must be from 1 to 2147483647");
  StreamOptions framed;
  framed.framing.kind = oklo::StreamFraming::Kind::fixed;
  CHECK(lines_of(echo(), framed) == "fixed_bytes must be at least 1");
}
