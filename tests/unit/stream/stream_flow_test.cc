// Pauses, water marks, half closes and files of a stream.
#include "stream_world.h"

#include <fcntl.h>

#include <algorithm>

#include "temp_dir.h"

using oklo::CloseReason;
using oklo::Connection;
using oklo::StreamHandlers;
using oklo::StreamOptions;

namespace {

StreamOptions lines() {
  StreamOptions options;
  options.framing.kind = oklo::StreamFraming::Kind::delimiter;
  options.framing.delimiter = "\n";
  return options;
}

std::string filled(size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; i++) text += std::to_string(i) + "\n";
  text.resize(size);
  return text;
}

}  // namespace

TEST_CASE("stream/flow: a pause in on_receive keeps the messages behind, a resume brings them") {
  std::string got;
  StreamHandlers handlers;
  handlers.on_receive = [&got](Connection& c, std::string_view line) {
    got.append(line).append(" ");
    c.send(line);
    c.pause();
  };
  handlers.on_sent = [&got](Connection& c) {
    got += "sent ";
    c.resume();
  };
  StreamWorld world(std::move(handlers), lines());
  Peer peer = world.connect("a\nb\nc\n");
  world.turn_until([&] { return !got.empty(); });
  CHECK(got == "a ");
  world.turn_until([&] { return got.size() >= 21; });
  world.settle();
  CHECK(got == "a sent b sent c sent ");
  CHECK(peer.read() == "abc");
}

TEST_CASE("stream/flow: what comes while reading is paused stays in the kernel") {
  bool paused = true;
  size_t got = 0;
  StreamHandlers handlers;
  handlers.on_connect = [](Connection& c) {
    c.pause();
    c.send("?");
  };
  handlers.on_receive = [&got](Connection&, std::string_view bytes) { got += bytes.size(); };
  handlers.on_sent = [&paused](Connection& c) {
    if (!paused) c.resume();
    else c.send("?");
  };
  StreamWorld world(std::move(handlers));
  Peer peer = world.connect();
  std::string much = filled(1 << 20);
  size_t sent = peer.write(much);
  CHECK(sent < much.size());
  world.settle();
  CHECK(world.life.bytes_in.value() == 0);
  CHECK(got == 0);
  paused = false;
  world.turn_until([&] {
    sent += peer.write(std::string_view(much).substr(sent));
    peer.read();
    return got == much.size();
  });
}

TEST_CASE("stream/flow: what a peer sent before it went away comes after a pause") {
  std::string got;
  StreamHandlers handlers;
  handlers.on_connect = [](Connection& c) {
    c.pause();
    c.send("?");
  };
  handlers.on_receive = [&got](Connection&, std::string_view bytes) { got += bytes; };
  handlers.on_sent = [](Connection& c) { c.resume(); };
  handlers.on_close = [&got](Connection&, CloseReason reason) { got += oklo::close_reason_name(reason); };
  StreamWorld world(std::move(handlers));
  Peer peer = world.connect("the last words, ");
  world.turn();
  CHECK(peer.read() == "?");
  peer.close();
  world.settle();
  CHECK(got == "the last words, peer_closed");
}

TEST_CASE("stream/flow: the hang-up of a peer during a pause wakes the worker once") {
  std::string got;
  StreamHandlers handlers = recording(got);
  handlers.on_connect = [](Connection& c) { c.pause(); };
  StreamWorld world(std::move(handlers));
  Peer peer = world.connect("unread");
  world.settle();
  peer.close();
  struct Alarm final : oklo::Timer {
    void on_timer() override { rang = true; }
    bool rang = false;
  } alarm;
  uint64_t before = world.life.turns.value();
  world.reactor->timers().arm(alarm, world.reactor->clock().now_ms + 30);
  world.wait_until([&] { return alarm.rang; });
  CHECK(world.life.turns.value() - before < 10);
  CHECK(got.empty());
  CHECK(world.pool.size() == 1);
}

TEST_CASE("stream/flow: the marks are told once each, high before low") {
  std::string calls;
  StreamHandlers handlers = recording(calls);
  std::string much = filled(4 << 20);
  handlers.on_receive = [&](Connection& c, std::string_view) {
    for (size_t at = 0; at < much.size(); at += 1 << 16) c.send(std::string_view(much).substr(at, 1 << 16));
  };
  StreamWorld world(std::move(handlers), {.high_water = 1 << 20, .low_water = 1 << 16});
  Peer peer = world.connect("go");
  world.settle();
  CHECK(calls == "connect full ");
  std::string got;
  world.turn_until([&] {
    got += peer.read(1 << 16);
    return calls.find("drain") != calls.npos;
  });
  CHECK(got.size() >= much.size() - (1 << 20));
  world.turn_until([&] {
    got += peer.read();
    return calls.find("sent") != calls.npos;
  });
  got += peer.read();
  CHECK(got == much);
  CHECK(calls == "connect full drain sent ");
}

TEST_CASE("stream/flow: the low mark is told, too, when all goes out at the first try") {
  for (bool pauses : {false, true}) {
    std::string calls;
    StreamHandlers handlers = recording(calls);
    handlers.on_sent = {};
    handlers.on_receive = [](Connection& c, std::string_view) { c.send(std::string(2000, 'x')); };
    if (pauses) {
      handlers.on_buffer_full = [&calls](Connection& c) {
        calls += "full ";
        c.pause();
        c.resume();
      };
    }
    StreamWorld world(std::move(handlers), {.high_water = 1000, .low_water = 100});
    Peer peer = world.connect("a");
    world.settle();
    CHECK(calls == "connect full drain ");
    peer.write("b");
    world.settle();
    CHECK(calls == "connect full drain full drain ");
    CHECK(peer.read().size() == 4000);
  }
}

TEST_CASE("stream/flow: so it is of what is sent from elsewhere") {
  std::string calls;
  StreamHandlers handlers = recording(calls);
  handlers.on_sent = {};
  StreamWorld world(std::move(handlers), {.high_water = 1000, .low_water = 100});
  Peer peer = world.connect();
  world.settle();
  world.pool.for_each([&](oklo::net::Connection& connection) {
    world.service.visit(connection, [](Connection& c) { c.send(std::string(1000, 'x')); });
    world.settle();
    CHECK(calls == "connect ");
    CHECK(world.service.send_by_id(connection, oklo::Payload::binary, std::string(2000, 'x')));
    CHECK(world.service.filled(connection));
    CHECK(calls == "connect ");
  });
  world.settle();
  CHECK(calls == "connect full drain ");
  CHECK(peer.read().size() == 3000);
}

TEST_CASE("stream/flow: pausing at the high mark and resuming at the low one bounds what an echo keeps") {
  size_t most = 0;
  StreamHandlers handlers;
  handlers.on_receive = [&most](Connection& c, std::string_view bytes) {
    c.send(bytes);
    most = std::max(most, c.info().queued);
  };
  handlers.on_buffer_full = [](Connection& c) { c.pause(); };
  handlers.on_buffer_drain = [](Connection& c) { c.resume(); };
  StreamWorld world(std::move(handlers), {.high_water = 64 << 10, .low_water = 16 << 10});
  Peer peer = world.connect();
  std::string much = filled(8 << 20);
  size_t sent = 0;
  for (int i = 0; i < 200; i++) {
    sent += peer.write(std::string_view(much).substr(sent));
    world.turn();
  }
  CHECK(sent < much.size());
  std::string got;
  world.turn_until([&] {
    sent += peer.write(std::string_view(much).substr(sent));
    got += peer.read(1 << 16);
    return got.size() == much.size();
  });
  CHECK(got == much);
  CHECK(most <= (64 << 10) + (16 << 10));
}

TEST_CASE("stream/flow: more than may wait ends the connection") {
  std::string calls;
  StreamHandlers handlers = recording(calls);
  handlers.on_buffer_full = {};
  handlers.on_receive = [](Connection& c, std::string_view) {
    std::string piece(1 << 20, 'x');
    while (c.send(piece)) {}
    CHECK_FALSE(c.send("x"));
  };
  StreamWorld world(std::move(handlers), {.queue_bytes = 4 << 20});
  Peer peer = world.connect("go");
  world.settle();
  CHECK(calls == "connect close(queue_full) ");
}

TEST_CASE("stream/flow: a half close sends what waits, then goes on receiving") {
  std::string got;
  StreamHandlers handlers;
  handlers.on_receive = [&got](Connection& c, std::string_view bytes) {
    got += bytes;
    if (bytes != "first") return;
    CHECK(c.send("last"));
    c.shutdown_send();
    CHECK_FALSE(c.send("too late"));
  };
  handlers.on_end = [&got](Connection&) { got += " end"; };
  handlers.on_close = [&got](Connection&, CloseReason reason) {
    got.append(" ").append(oklo::close_reason_name(reason));
  };
  StreamWorld world(std::move(handlers));
  Peer peer = world.connect("first");
  CHECK(world.read_all(peer) == "last");
  CHECK(peer.ended());
  peer.write(" second");
  world.settle();
  CHECK(got == "first second");
  CHECK(world.pool.size() == 1);
  peer.finish();
  world.settle();
  CHECK(got == "first second finished");
}

TEST_CASE("stream/flow: a half close after the peer's ends the connection") {
  std::string reasons;
  StreamHandlers handlers;
  handlers.on_receive = [](Connection&, std::string_view) {};
  handlers.on_end = [](Connection& c) {
    c.send("answer");
    c.shutdown_send();
  };
  handlers.on_close = [&reasons](Connection&, CloseReason reason) {
    reasons += oklo::close_reason_name(reason);
  };
  StreamWorld world(std::move(handlers));
  Peer peer = world.connect("question");
  peer.finish();
  CHECK(world.read_all(peer) == "answer");
  world.settle();
  CHECK(reasons == "finished");
}

TEST_CASE("stream/flow: a half close of much that waits comes behind it") {
  std::string much = filled(2 << 20);
  StreamHandlers handlers;
  handlers.on_receive = [&much](Connection& c, std::string_view) {
    c.send(much);
    c.shutdown_send();
  };
  StreamWorld world(std::move(handlers));
  Peer peer = world.connect("go");
  CHECK(world.read_all(peer) == much);
  CHECK(peer.ended());
  CHECK(world.pool.size() == 1);
}

TEST_CASE("stream/flow: a file is sent by its path or its number, whole or in part, between bytes") {
  TempDir temp;
  std::string content = filled(100'000);
  temp.file("file", content);
  temp.directory("folder");
  std::string path = temp / "file";
  StreamHandlers handlers;
  handlers.on_receive = [&](Connection& c, std::string_view) {
    CHECK(c.send("<"));
    CHECK(c.send_file(path));
    CHECK(c.send("|"));
    int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    CHECK(c.send_file(fd, 10, 20));
    ::close(fd);
    CHECK(c.send("|"));
    CHECK(c.send_file(path, 99'990));
    CHECK(c.send_file(path, 100'000));
    CHECK_FALSE(c.send_file(path, 100'001));
    CHECK_FALSE(c.send_file(temp / "nothing"));
    CHECK_FALSE(c.send_file(temp / "folder"));
    CHECK_FALSE(c.send_file(-1));
    CHECK_FALSE(c.send_file("/dev/null"));
    CHECK(c.send(">"));
    c.close();
  };
  StreamWorld world(std::move(handlers));
  Peer peer = world.connect("go");
  std::string want =
      "<" + content + "|" + content.substr(10, 20) + "|" + content.substr(content.size() - 10) + ">";
  CHECK(world.read_all(peer) == want);
}
