#include "net/connection.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "net/net_fixture.h"

using oklo::Block;
using oklo::CloseReason;
using oklo::net::Connection;
using Linger = Connection::Linger;

namespace {

std::string text_of(std::span<char> bytes) { return {bytes.data(), bytes.size()}; }

// The blocks of a pool that has a few, and the one that it lends.
class Blocks {
 public:
  explicit Blocks(Net& net) : pool_(*net.endpoint.blocks), all_(take()) { give_back(all_); }

  // How many of them somebody holds.
  size_t held() {
    std::vector<Block*> there = take();
    size_t missing = 0;
    for (Block* block : all_) missing += std::find(there.begin(), there.end(), block) == there.end();
    give_back(there);
    return missing;
  }

 private:
  std::vector<Block*> take() {
    std::vector<Block*> blocks;
    blocks.push_back(pool_.lend());
    for (int i = 0; i < 5; i++) blocks.push_back(pool_.take());
    return blocks;
  }
  void give_back(const std::vector<Block*>& blocks) {
    for (size_t i = blocks.size() - 1; i > 0; i--) pool_.give_back(blocks[i]);
  }

  oklo::BlockPool& pool_;
  std::vector<Block*> all_;
};

uint32_t now_s(Net& net) { return static_cast<uint32_t>(net.reactor->clock().now_ms / 1000); }

}  // namespace

TEST_CASE("net/connection: the calls of one life in their order") {
  Net net;
  Peer peer = net.open();
  CHECK(net.protocol.calls == "open ");
  net.turn();  // It is watched from the end of its first turn.
  peer.write("hello");
  net.turn();
  CHECK(net.protocol.calls == "open data ");
  CHECK(net.protocol.received == "hello");
  net.turn();
  CHECK(net.protocol.calls == "open data ");
  peer.write(" world");
  peer.finish();
  net.turn();
  net.turn();
  CHECK(net.protocol.received == "hello world");
  CHECK(net.protocol.calls == "open data data end ");
  CHECK(net.connection().peer_finished());
  net.connection().close(CloseReason::peer_closed, Linger::no);
  CHECK(!net.connection().open());
  net.turn();
  CHECK(net.protocol.calls == "open data data end close(peer_closed) ");
  peer.read();
  CHECK(peer.ended());
  net.turn();
  CHECK(net.protocol.calls == "open data data end close(peer_closed) ");
}

TEST_CASE("net/connection: it reads at once when it is told to, else when there is something") {
  Net net;
  Peer first = net.open(false, "first");
  CHECK(net.protocol.calls == "open ");
  Peer second = net.open(true, "second");
  CHECK(net.protocol.calls == "open open data ");
  Peer third = net.open(true);
  CHECK(net.protocol.calls == "open open data open ");
  net.turn();  // Registers them.
  net.turn();
  CHECK(net.protocol.calls == "open open data open data ");
  CHECK(net.protocol.received == "secondfirst");
}

TEST_CASE("net/connection: a first read that meets the end") {
  Net net;
  {
    Peer peer = net.open();
    net.protocol.calls.clear();
  }
  net.turn();
  net.turn();
  CHECK(net.protocol.calls == "end ");
}

TEST_CASE("net/connection: what is not consumed stands in front of what comes next") {
  Net net;
  std::vector<std::string> seen;
  net.protocol.when_data = [&](Connection& connection) {
    seen.push_back(text_of(connection.input()));
    if (seen.size() == 2) connection.consume(3);
    if (seen.size() == 4) connection.consume(connection.input().size());
    connection.consume(0);
  };
  Peer peer = net.open();
  net.turn();
  for (const char* piece : {"ab", "cd", "ef", "gh", "ij"}) {
    peer.write(piece);
    net.turn();
  }
  CHECK(seen == std::vector<std::string>{"ab", "abcd", "def", "defgh", "ij"});
}

TEST_CASE("net/connection: an input that is full goes on when some of it was consumed") {
  Net net;
  std::string text = numbered(3 * Block::kBytes), got;
  net.protocol.when_data = [&](Connection& connection) {
    if (connection.input().size() < Block::kBytes) return;
    got += text_of(connection.input().first(1000));
    connection.consume(1000);
  };
  Peer peer = net.open();
  peer.write(text);
  peer.finish();
  net.turn_until([&] { return net.connection().peer_finished(); });
  got += text_of(net.connection().input());
  CHECK(got == text);
}

TEST_CASE("net/connection: the front of the input that is split off stays as it is") {
  Net net;
  Block* front = nullptr;
  net.protocol.when_data = [&](Connection& connection) {
    if (front) return;
    front = connection.split_input(4);
    CHECK(text_of(connection.input()) == "rest");
    connection.consume(2);
  };
  Peer peer = net.open(true, "headrest");
  net.turn();
  peer.write(" and more");
  net.turn();
  REQUIRE(front);
  CHECK(text_of(front->content()).substr(0, 4) == "head");
  CHECK(text_of(net.connection().input()) == "st and more");
  net.connection().release(front);
  front = net.endpoint.blocks->take();
  CHECK(front->empty());
  net.endpoint.blocks->give_back(front);
}

TEST_CASE("net/connection: all of the input can be split off") {
  Net net;
  Block* front = nullptr;
  net.protocol.when_data = [&](Connection& connection) {
    if (front) return net.protocol.take(connection);
    front = connection.split_input(connection.input().size());
    CHECK(connection.input().empty());
  };
  Peer peer = net.open(true, "head");
  peer.write("body");
  net.turn();
  net.turn();
  CHECK(text_of(front->content()) == "head");
  CHECK(net.protocol.received == "body");
  net.connection().release(front);
}

TEST_CASE("net/connection: while reading is paused the bytes stay in the kernel") {
  Net net;
  Peer peer = net.open();
  net.turn();
  net.connection().pause_reading();
  net.turn();
  size_t written = 0;
  std::string text = numbered(1 << 20);
  for (int i = 0; i < 10; i++) {
    written += peer.write(std::string_view(text).substr(written));
    net.turn();
  }
  CHECK(written < text.size());
  CHECK(net.protocol.calls == "open ");
  CHECK(net.turns_until_timer() < Net::kFewTurns);
  net.connection().resume_reading();
  net.turn_until([&] {
    written += peer.write(std::string_view(text).substr(written));
    return net.protocol.received.size() == text.size();
  });
  CHECK(net.protocol.received == text);
}

TEST_CASE("net/connection: reading that is paused from on_data begins with what is in the kernel") {
  Net net;
  net.protocol.when_data = [&](Connection& connection) {
    net.protocol.take(connection);
    connection.pause_reading();
  };
  Peer peer = net.open();
  net.turn();
  peer.write("first ");
  net.turn();
  peer.write("second");
  peer.finish();
  net.turn();
  CHECK(net.protocol.received == "first ");
  net.connection().resume_reading();
  net.turn();
  net.turn();
  CHECK(net.protocol.received == "first second");
  CHECK(!net.connection().peer_finished());
}

TEST_CASE("net/connection: a TCP peer that ends while reading is paused is noticed afterwards") {
  Net net;
  Peer peer = net.open_tcp();
  net.connection().pause_reading();
  peer.write("some bytes");
  peer.finish();
  for (int i = 0; i < 10; i++) net.turn();
  CHECK(net.turns_until_timer() < Net::kFewTurns);
  CHECK(net.protocol.calls == "open ");
  net.connection().resume_reading();
  net.turn_until([&] { return net.connection().peer_finished(); });
  CHECK(net.protocol.received == "some bytes");
}

TEST_CASE("net/connection: an idle connection holds no block") {
  Net net;
  Blocks blocks(net);
  Peer peer = net.open();
  net.turn();
  CHECK(blocks.held() == 0);
  for (int i = 0; i < 3; i++) {
    net.protocol.when_data = [&](Connection& connection) {
      connection.send("answer");
      CHECK(blocks.held() == 1);  // That of the input is lent.
      net.protocol.take(connection);
    };
    peer.write("ask");
    net.turn();
    CHECK(blocks.held() == 0);
    net.protocol.when_data = [](Connection&) {};
    peer.write("half");
    net.turn();
    CHECK(blocks.held() == 1);
    net.protocol.when_data = nullptr;
    peer.write(" of it");
    net.turn();
    CHECK(blocks.held() == 0);
  }
  CHECK(net.protocol.received == "askhalf of itaskhalf of itaskhalf of it");
  CHECK(peer.read() == "answeransweranswer");
}

TEST_CASE("net/connection: a paused connection and one that waits for the end hold no block") {
  Net net;
  Blocks blocks(net);
  Peer paused = net.open();
  net.connection().pause_reading();
  Peer half = net.open();
  net.turn();
  paused.write("not read");
  half.finish();
  net.turn();
  net.turn();
  CHECK(net.protocol.calls == "open open end ");
  CHECK(blocks.held() == 0);
}

TEST_CASE("net/connection: a block that was lent, kept and given back may come again as another one") {
  Net net;
  Blocks blocks(net);
  Peer peer = net.open();
  net.turn();
  net.protocol.when_data = [](Connection& connection) {
    for (int i = 0; i < 2; i++) connection.release(connection.split_input(2));
    connection.consume(2);
  };
  peer.write("abcdef");
  net.turn();
  CHECK(blocks.held() == 0);
}

TEST_CASE("net/connection: one that ends in the middle of things gives all its blocks back") {
  Net net;
  Blocks blocks(net);
  net.protocol.when_data = [](Connection& connection) { connection.send("never sent"); };
  Peer peer = net.open(true, "half of it");
  CHECK(blocks.held() == 2);
  net.connection().abort(CloseReason::aborted);
  net.turn();
  CHECK(blocks.held() == 0);
}

TEST_CASE("net/connection: input that is consumed when all was sent gives its block back too") {
  Net net;
  Blocks blocks(net);
  net.protocol.when_data = [](Connection& connection) {
    connection.pause_reading();
    connection.send("answer");
  };
  net.protocol.when_drained = [&](Connection& connection) {
    net.protocol.take(connection);
    connection.resume_reading();
  };
  Peer peer = net.open();
  net.turn();
  peer.write("ask");
  net.turn();
  CHECK(net.protocol.calls == "open data drained ");
  CHECK(net.protocol.received == "ask");
  CHECK(blocks.held() == 0);
}

TEST_CASE("net/connection: the session's state is zero at first and stays") {
  struct State {
    uint64_t a, b;
    uint32_t c;
  };
  Net net;
  net.protocol.when_open = [](Connection& connection) {
    const State& state = connection.session<State>();
    CHECK(state.a + state.b + state.c == 0);
    connection.session<State>().b = 7;
  };
  net.protocol.when_close = [](Connection& connection) { CHECK(connection.session<State>().b == 7); };
  for (int i = 0; i < 3; i++) {
    Peer peer = net.open(true, "x");
    net.connection().close(CloseReason::finished, Linger::no);
    net.turn();
  }
  CHECK(net.protocol.reasons == "finished finished finished ");
}

TEST_CASE("net/connection: its row tells of it") {
  Net net;
  net.endpoint.kind = oklo::ConnectionKind::http;
  net.endpoint.listener = 3;
  const uint32_t begin_s = now_s(net);
  Peer peer = net.open_tcp();
  oklo::ConnectionId id = net.connection().id();
  oklo::ConnectionRow& row = net.connection().row();
  CHECK(&row == &net.table.row(id.row));
  CHECK(row.generation.load() == id.generation);
  CHECK(row.kind == oklo::ConnectionKind::http);
  CHECK(row.listener == 3);
  uint32_t opened_s = row.opened_s;
  CHECK((opened_s >= begin_s && opened_s <= now_s(net)));
  oklo::sys::Address address = *oklo::sys::local_address(peer.fd());
  CHECK(oklo::sys::Address::from_ip(row.peer_ip, row.peer_port) == address);
  row.active_s = 0;
  peer.write("four");
  net.turn_until([&] { return net.protocol.received == "four"; });
  CHECK(row.bytes_in == 4);
  CHECK((row.active_s >= opened_s && row.active_s <= now_s(net)));
  net.connection().send("seven!!");
  net.turn();
  CHECK(row.bytes_out == 7);
  CHECK(row.queued_bytes == 0);
  CHECK(row.opened_s == opened_s);
  CHECK(net.life().bytes_in.value() == 4);
  CHECK(net.life().bytes_out.value() == 7);
  net.connection().abort(CloseReason::finished);
  net.turn();
  CHECK(row.generation.load() != id.generation);
}

TEST_CASE("net/connection: its row tells how much waits") {
  Net net;
  Peer peer = net.open();
  net.turn();
  std::string text = numbered(2 << 20);
  CHECK(net.connection().send(text));
  CHECK(net.connection().queued() == text.size());
  net.turn();
  oklo::ConnectionRow& row = net.connection().row();
  CHECK(row.queued_bytes > 0);
  CHECK(row.queued_bytes == net.connection().queued());
  CHECK(row.bytes_out + row.queued_bytes == text.size());
  std::string got;
  net.turn_until([&] {
    got += peer.read();
    return got.size() == text.size();
  });
  net.turn();
  CHECK(row.queued_bytes == 0);
  CHECK(row.bytes_out == text.size());
}

TEST_CASE("net/connection: a deadline is told once, and not before it is there") {
  Net net;
  Peer peer = net.open();
  uint64_t at = 0, came = 0;
  net.protocol.when_deadline = [&](Connection& connection) { came = connection.clock().now_ms; };
  for (int i = 0; i < 3; i++) {
    at = net.reactor->clock().now_ms + 3;
    net.protocol.calls.clear();
    net.connection().set_deadline(at);
    net.wait_until([&] { return !net.protocol.calls.empty(); });
    CHECK(came >= at);
    net.turns_until_timer();
    CHECK(net.protocol.calls == "deadline ");
  }
}

TEST_CASE("net/connection: another deadline takes the place of the first") {
  Net net;
  Peer peer = net.open();
  uint64_t start = net.reactor->clock().now_ms, came = 0;
  net.protocol.when_deadline = [&](Connection& connection) { came = connection.clock().now_ms; };
  net.connection().set_deadline(start + 60'000);
  net.connection().set_deadline(start + 2);  // sooner
  net.wait_until([&] { return came != 0; });
  CHECK(came < start + 60'000);
  start = net.reactor->clock().now_ms;
  came = 0;
  net.connection().set_deadline(start + 1);
  net.connection().set_deadline(start + 20);  // later
  net.wait_until([&] { return came != 0; });
  CHECK(came >= start + 20);
  net.turns_until_timer();
  CHECK(net.protocol.calls == "open deadline deadline ");
}

TEST_CASE("net/connection: the deadline of one that ended is not told") {
  Net net;
  Peer aborted = net.open();
  net.connection().set_deadline(net.reactor->clock().now_ms + 1);
  net.connection().abort(CloseReason::aborted);
  Peer closed = net.open();
  net.connection().set_deadline(net.reactor->clock().now_ms);
  net.connection().close(CloseReason::finished, Linger::no);
  Peer lingers = net.open();
  net.connection().set_deadline(net.reactor->clock().now_ms + 1);
  net.connection().close(CloseReason::finished, Linger::yes);
  net.turns_until_timer();
  CHECK(net.protocol.calls.find("deadline") == std::string::npos);
  CHECK(net.protocol.live.size() == 1);
}
