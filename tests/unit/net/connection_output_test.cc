#include "net/connection.h"

#include <doctest/doctest.h>

#include <errno.h>

#include <string>

#include "net/net_fixture.h"

using oklo::BytesRef;
using oklo::CloseReason;
using oklo::net::Connection;
using Linger = Connection::Linger;

namespace {

// Reads until as much has come, then lets the connection see that all is gone.
std::string read_size(Net& net, Peer& peer, size_t size) {
  std::string got;
  net.turn_until([&] {
    got += peer.read();
    return got.size() >= size || peer.over();
  });
  net.turn();
  return got;
}

}  // namespace

TEST_CASE("net/connection: nothing is sent before the turn ends, and then all at once") {
  Net net;
  Peer peer = net.open(false, {}, SOCK_SEQPACKET);
  net.protocol.when_data = [&](Connection& connection) {
    net.protocol.take(connection);
    CHECK(connection.send("one "));
    std::string_view("two ").copy(connection.room(4).data(), 4);
    connection.advance(4);
    CHECK(connection.send(""));
    BytesRef bytes = BytesRef::make("..three ..");
    connection.send_shared(bytes, bytes.view().substr(2, 6));
    CHECK(connection.send("four"));
    CHECK(connection.queued() == 18);
    CHECK(peer.read_message().empty());
  };
  net.turn();
  for (int i = 0; i < 3; i++) {
    peer.write("ask");
    net.turn();
    CHECK(peer.read_message() == "one two three four");
    CHECK(peer.read_message().empty());
    CHECK(net.connection().queued() == 0);
  }
}

TEST_CASE("net/connection: bytes, shared bytes and files in their order") {
  Net net;
  Peer peer = net.open();
  Connection& connection = net.connection();
  std::string text = numbered(200'000);
  connection.send("head ");
  connection.send_file(file_of(text), 1'000, 150'000);
  connection.send(" middle ");
  BytesRef bytes = BytesRef::make(text);
  connection.send_shared(bytes, bytes.view().substr(7));
  connection.send_file(file_of("a small file"), 2, 5);
  std::string wanted = "head " + text.substr(1'000, 150'000) + " middle " + text.substr(7) + "small";
  CHECK(connection.queued() == wanted.size() - 150'005);
  CHECK(read_size(net, peer, wanted.size()) == wanted);
  CHECK(connection.row().bytes_out == wanted.size());
}

TEST_CASE("net/connection: what goes at once is not drained") {
  Net net;
  Peer peer = net.open();
  net.connection().send("bytes");
  net.turn();
  net.connection().send_file(file_of("file"), 0, 4);
  net.turn();
  net.turn();
  CHECK(net.protocol.calls == "open ");
  CHECK(peer.read() == "bytesfile");
}

TEST_CASE("net/connection: one that waited goes on when the peer reads, and is drained once") {
  for (bool tcp : {false, true}) {
    CAPTURE(tcp);
    Net net;
    Peer peer = tcp ? net.open_tcp() : net.open();
    std::string text = block(net);
    for (int i = 0; i < 5; i++) net.turn();
    CHECK(net.protocol.calls == "open ");
    CHECK(net.turns_until_timer() < Net::kFewTurns);
    CHECK(net.connection().send("more"));
    CHECK(read_size(net, peer, text.size() + 4) == text + "more");
    CHECK(net.protocol.calls == "open drained ");
    CHECK(net.turns_until_timer() < Net::kFewTurns);
    net.connection().send("at once");
    CHECK(read_size(net, peer, 7) == "at once");
    CHECK(net.protocol.calls == "open drained ");
  }
}

TEST_CASE("net/connection: it hears of the peer while its own bytes wait") {
  Net net;
  Peer peer = net.open();
  std::string text = block(net);
  peer.write("ask");
  peer.finish();
  net.turn();
  net.turn();
  CHECK(net.protocol.received == "ask");
  CHECK(net.protocol.calls == "open data end ");
  CHECK(read_size(net, peer, text.size()) == text);
  CHECK(net.protocol.calls == "open data end drained ");
}

TEST_CASE("net/connection: a paused reader is told when all is sent, even if that was at once") {
  Net net;
  net.protocol.when_drained = [](Connection& connection) { connection.resume_reading(); };
  Peer peer = net.open();
  net.connection().pause_reading();
  net.turn();
  peer.write("ask");
  net.connection().send("x");
  net.turn();
  CHECK(net.protocol.calls == "open drained ");
  net.turn();
  CHECK(net.protocol.calls == "open drained data ");
}

TEST_CASE("net/connection: one that asks for it is told each time that all is sent") {
  Net net;
  Peer peer = net.open();
  net.connection().tell_each_drain();
  net.turn();
  CHECK(net.protocol.calls == "open ");
  for (int i = 0; i < 3; i++) {
    net.protocol.calls.clear();
    net.connection().send("x");
    net.turn();
    CHECK(net.protocol.calls == "drained ");
  }
  net.connection().pause_reading();
  net.connection().resume_reading();
  net.connection().send("x");
  net.turn();
  CHECK(net.protocol.calls == "drained drained ");
}

TEST_CASE("net/connection: a source of many pieces sends the next when the last is gone") {
  Net net;
  std::string wanted;
  int piece = 0;
  auto produce = [&](Connection& connection) {
    if (piece == 20) return connection.close(CloseReason::finished, Linger::no);
    std::string text = numbered(300'000) + "piece " + std::to_string(piece++);
    wanted += text;
    CHECK(connection.send(text));
  };
  net.protocol.when_open = net.protocol.when_drained = produce;
  Peer peer = net.open();
  CHECK(net.read_all(peer) == wanted);
  CHECK(piece == 20);
  CHECK(net.protocol.reasons == "finished ");
}

TEST_CASE("net/connection: an answer can be sent after the peer has ended") {
  Net net;
  net.protocol.when_end = [](Connection& connection) {
    connection.send("the answer");
    connection.close(CloseReason::finished, Linger::yes);
  };
  Peer peer = net.open_tcp();
  peer.write("ask");
  peer.finish();
  CHECK(net.read_all(peer) == "the answer");
  CHECK(peer.error() == 0);
  net.turn_until([&] { return net.protocol.live.empty(); });
  CHECK(net.protocol.calls == "open data end close(finished) ");
}

TEST_CASE("net/connection: a queue may be as long as the limit, and no longer") {
  Net net;
  net.endpoint.queue_bytes_max = 100'000;
  Peer peer = net.open();
  int fd = -1;
  net.protocol.when_data = [&](Connection& connection) {
    CHECK(connection.send(std::string(60'000, 'x')));
    CHECK(connection.send(std::string(40'000, 'x')));
    oklo::sys::Fd file = file_of(numbered(200'000));  // Files count nothing.
    fd = file.get();
    connection.send_file(std::move(file), 0, 200'000);
    CHECK(connection.open());
    CHECK(!connection.send("x"));
    CHECK(!connection.open());
    CHECK(!connection.send("y"));
  };
  net.turn();
  peer.write("ask");
  net.turn();
  CHECK(net.protocol.calls == "open data close(queue_full) ");
  CHECK(net.closed(CloseReason::queue_full) == 1);
  CHECK(!is_open(fd));
  CHECK(net.read_all(peer).empty());
}

TEST_CASE("net/connection: shared bytes count for the limit, what is sent does not") {
  Net net;
  net.endpoint.queue_bytes_max = 100'000;
  Peer peer = net.open();
  BytesRef bytes = BytesRef::make(numbered(70'000));
  for (int i = 0; i < 5; i++) {
    net.connection().send_shared(bytes, bytes.view());
    CHECK(read_size(net, peer, 70'000) == bytes.view());
  }
  CHECK(net.connection().open());
  net.connection().send_shared(bytes, bytes.view());
  net.connection().send_shared(bytes, bytes.view());
  CHECK(!net.connection().open());
  net.turn();
  CHECK(net.protocol.reasons == "queue_full ");
}

TEST_CASE("net/connection: a peer that takes nothing for too long is left") {
  Net net;
  net.endpoint.write_stall_ms = 5;
  Peer peer = net.open();
  int fd = -1;
  std::string text = block(net);
  oklo::sys::Fd file = file_of("content");
  fd = file.get();
  net.connection().send_file(std::move(file), 0, 7);
  net.wait_until([&] { return net.protocol.live.empty(); });
  CHECK(net.protocol.calls == "open close(write_stalled) ");
  CHECK(net.closed(CloseReason::write_stalled) == 1);
  CHECK(!is_open(fd));
  std::string got = net.read_all(peer);
  CHECK(got == text.substr(0, got.size()));
  CHECK(got.size() < text.size());
}

TEST_CASE("net/connection: the deadline of the write stall takes the place of another") {
  Net net;
  std::string text = numbered(3 << 20);
  net.protocol.when_data = [&](Connection& connection) {
    net.protocol.take(connection);
    connection.set_deadline(connection.clock().now_ms + 1);
    connection.send(text);
  };
  Peer peer = net.open();
  net.turn();
  peer.write("ask");
  net.turn();
  net.turns_until_timer();
  REQUIRE(net.connection().queued() > 0);
  CHECK(net.protocol.calls == "open data ");
  CHECK(read_size(net, peer, text.size()) == text);
  CHECK(net.protocol.calls == "open data drained ");
  net.connection().set_deadline(net.reactor->clock().now_ms + 1);
  net.turns_until_timer();
  CHECK(net.protocol.calls == "open data drained deadline ");
}

TEST_CASE("net/connection: a peer that takes little, but takes it, is not left") {
  Net net;
  net.endpoint.write_stall_ms = 20;
  Peer peer = net.open_tcp();
  auto held = [&] { return oklo::sys::send_queue_bytes(net.accepted_fd); };
  std::string text, got;
  while (text.size() < 32 << 20) text += numbered(1 << 20);
  net.connection().send(text);
  net.turn();
  if (held() == 0) return;  // The kernel does not tell.
  uint64_t start = net.reactor->clock().now_ms;
  while (net.reactor->clock().now_ms < start + 100) {
    // Until the kernel has seen that something was read.
    for (uint32_t before = held(); held() >= before;) got += peer.read(20'000);
    net.reactor->run_once();
    REQUIRE(net.protocol.calls == "open ");
  }
  CHECK(got == text.substr(0, got.size()));
  net.wait_until([&] { return net.protocol.live.empty(); });
  CHECK(net.protocol.calls == "open close(write_stalled) ");
}

TEST_CASE("net/connection: a connection that closes is left as well when the peer takes nothing") {
  Net net;
  net.endpoint.write_stall_ms = 5;
  for (Linger linger : {Linger::no, Linger::yes}) {
    Peer peer = net.open();
    block(net);
    net.connection().close(CloseReason::finished, linger);
    net.wait_until([&] { return net.protocol.live.empty(); });
  }
  CHECK(net.protocol.reasons == "write_stalled write_stalled ");
}

TEST_CASE("net/connection: a file that is shorter than promised ends the connection") {
  Net net;
  Peer peer = net.open();
  net.connection().send("head ");
  net.connection().send_file(file_of("short"), 0, 10);
  net.connection().send("never");
  CHECK(net.read_all(peer) == "head short");
  CHECK(net.protocol.calls == "open close(file_shrank) ");
}

TEST_CASE("net/connection: a large file goes to several peers at once") {
  Net net;
  std::string text = numbered(6 << 20), first_got, second_got;
  Peer first = net.open_tcp();
  net.connection().send_file(file_of(text), 0, text.size());
  net.connection().close(CloseReason::finished, Linger::no);
  Peer second = net.open();
  net.connection().send_file(file_of(text), 1, text.size() - 1);
  net.connection().close(CloseReason::finished, Linger::no);
  net.turn_until([&] {
    first_got += first.read(50'001);
    second_got += second.read(30'011);
    return first.over() && second.over();
  });
  CHECK(first_got == text);
  CHECK(second_got == text.substr(1));
  net.turn();
  CHECK(net.protocol.live.empty());
}

TEST_CASE("net/connection: one that another pauses in the same batch of events is not read any more") {
  Net net;
  Peer first = net.open();
  net.turn();
  Connection& one = net.connection();
  Peer second = net.open();
  net.turn();
  Connection& other = net.connection();
  int reads = 0;
  net.protocol.when_data = [&](Connection& connection) {
    reads++;
    net.protocol.take(connection);
    (&connection == &one ? other : one).pause_reading();
  };
  first.write("x");
  second.write("y");
  net.turn();
  net.turn();
  CHECK(reads == 1);
}

TEST_CASE("net/connection: a session's deadline does not end one whose bytes wait") {
  Net net;
  Peer peer = net.open();
  std::string text = block(net);
  net.turn();
  REQUIRE(net.connection().queued() > 0);
  net.connection().set_deadline(net.reactor->clock().now_ms + 10);
  for (int i = 0; i < 3; i++) net.turns_until_timer();
  CHECK(net.protocol.calls == "open ");
  net.protocol.when_drained = [&](Connection& connection) {
    connection.set_deadline(net.reactor->clock().now_ms + 10);
  };
  CHECK(read_size(net, peer, text.size()) == text);
  net.turns_until_timer();
  CHECK(net.protocol.calls == "open drained deadline ");
}
