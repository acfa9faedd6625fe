#include "net/connection.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <string>
#include <vector>

#include "net/net_fixture.h"

using oklo::BytesRef;
using oklo::CloseReason;
using oklo::net::Connection;
using Linger = Connection::Linger;

namespace {

void until_closed(Net& net) {
  net.turn_until([&] { return net.protocol.live.empty(); });
}

}  // namespace

TEST_CASE("net/connection: close sends what is queued, and then the end") {
  for (Linger linger : {Linger::no, Linger::yes}) {
    Net net;
    std::string text = numbered(2 << 20);
    Peer peer = net.open();
    net.turn();
    net.connection().send(text);
    net.connection().close(CloseReason::finished, linger);
    CHECK(!net.connection().open());
    CHECK(net.read_all(peer) == text);
    CHECK(peer.ended());
    peer.close();
    until_closed(net);
    CHECK(net.protocol.calls == "open close(finished) ");
    CHECK(net.closed(CloseReason::finished) == 1);
  }
}

TEST_CASE("net/connection: a connection may end before it was ever watched") {
  Net net;
  net.protocol.when_open = [](Connection& connection) {
    connection.send("sorry");
    connection.close(CloseReason::no_memory, Linger::no);
  };
  Peer peer = net.open(true, "not read");
  CHECK(net.protocol.calls == "open ");
  net.turn();
  CHECK(peer.read() == "sorry");
  CHECK(peer.over());
  CHECK(net.protocol.calls == "open close(no_memory) ");
  net.protocol.when_open = [](Connection& connection) { connection.abort(CloseReason::aborted); };
  Peer other = net.open(true, "not read");
  net.turn();
  CHECK(net.protocol.reasons == "no_memory aborted ");
}

TEST_CASE("net/connection: with linger no reset overtakes the answer, and what comes late is thrown away") {
  Net net;
  net.protocol.when_data = [&](Connection& connection) {
    net.protocol.take(connection);
    connection.send("the answer");
    connection.close(CloseReason::bad_request, Linger::yes);
  };
  Peer peer = net.open_tcp();
  peer.write("ask");
  net.turn_until([&] { return !net.connection().open(); });
  for (int i = 0; i < 20; i++) {
    CHECK(peer.write(std::string(10'000, 'x')) > 0);
    net.turn();
  }
  CHECK(net.read_all(peer) == "the answer");
  CHECK(peer.ended());
  CHECK(net.protocol.calls == "open data ");  // It waits for the peer.
  for (int i = 0; i < 20; i++) {
    CHECK(peer.write(std::string(10'000, 'x')) == 10'000);
    net.turn_until([&] {
      int waiting = 0;
      ioctl(peer.fd(), SIOCOUTQ, &waiting);
      return waiting == 0;
    });
  }
  CHECK(net.protocol.received == "ask");
  peer.finish();
  until_closed(net);
  CHECK(net.protocol.calls == "open data close(bad_request) ");
}

TEST_CASE("net/connection: a peer that never ends is not lingered for without end") {
  Net net;
  Peer peer = net.open();
  net.connection().send("the answer");
  net.connection().close(CloseReason::finished, Linger::yes);
  net.turn();
  CHECK(peer.read() == "the answer");
  CHECK(peer.ended());
  CHECK(net.protocol.calls == "open ");
  int before = net.turns();
  net.wait_until([&] { return net.protocol.live.empty(); });
  CHECK(net.turns() - before < 100);
  CHECK(net.protocol.calls == "open close(finished) ");
}

TEST_CASE("net/connection: there is no lingering for a peer that has ended") {
  Net net;
  for (bool before_close : {true, false}) {
    CAPTURE(before_close);
    Peer peer = net.open();
    net.turn();
    std::string text = block(net);
    if (before_close) peer.finish();
    net.turn();
    net.connection().close(CloseReason::finished, Linger::yes);
    net.turn();
    if (!before_close) peer.finish();
    net.turn();
    CHECK(net.protocol.live.size() == 1);
    CHECK(net.read_all(peer) == text);
    net.turn();
    CHECK(net.protocol.live.empty());
  }
}

TEST_CASE("net/connection: one that closes while reading is paused does not wait for the peer in vain") {
  Net net;
  Peer peer = net.open();
  net.connection().pause_reading();
  net.turn();
  net.connection().send("the answer");
  net.connection().close(CloseReason::finished, Linger::yes);
  peer.write("late bytes");
  net.turn();
  CHECK(peer.read() == "the answer");
  CHECK(peer.ended());
  peer.finish();
  for (int i = 0; i < 5; i++) net.turn();
  CHECK(net.protocol.calls == "open close(finished) ");
}

TEST_CASE("net/connection: a closing connection reads no more, but notices a reset") {
  Net net;
  Peer peer = net.open_tcp();
  net.turn();
  block(net);
  net.connection().close(CloseReason::finished, Linger::yes);
  peer.write("late bytes");
  for (int i = 0; i < 5; i++) net.turn();
  CHECK(net.protocol.calls == "open ");
  peer.reset();
  until_closed(net);
  CHECK(net.protocol.calls.starts_with("open close("));
}

TEST_CASE("net/connection: abort sends nothing, and the first reason counts") {
  Net net;
  Peer peer = net.open();
  net.turn();
  net.connection().send("never sent");
  net.connection().abort(CloseReason::handler_failed);
  net.connection().abort(CloseReason::aborted);
  net.connection().close(CloseReason::finished, Linger::yes);
  CHECK(!net.connection().open());
  net.turn();
  CHECK(net.protocol.calls == "open close(handler_failed) ");
  CHECK(peer.read().empty());
  CHECK(peer.over());
}

TEST_CASE("net/connection: the first close counts, an abort goes before it") {
  Net net;
  Peer first = net.open();
  std::string text = block(net);
  net.connection().close(CloseReason::finished, Linger::no);
  net.connection().close(CloseReason::idle_timeout, Linger::yes);
  CHECK(net.read_all(first) == text);
  net.turn();
  Peer second = net.open();
  block(net);
  net.connection().close(CloseReason::finished, Linger::no);
  net.turn();
  net.connection().abort(CloseReason::aborted);
  net.turn();
  CHECK(net.protocol.reasons == "finished aborted ");
}

TEST_CASE("net/connection: a handler that ends its connection may use it until the turn ends") {
  Net net;
  bool returned = false, posted = false;
  int fd = -1;
  net.protocol.when_data = [&](Connection& connection) {
    net.reactor->post([&] { posted = true; });
    connection.send("never sent");
    connection.abort(CloseReason::handler_failed);
    CHECK(!connection.open());
    CHECK(std::string(connection.input().data(), connection.input().size()) == "some input");
    connection.consume(5);
    oklo::Block* front = connection.split_input(2);
    connection.release(front);
    CHECK(!connection.send("x"));
    BytesRef bytes = BytesRef::make("shared");
    connection.send_shared(bytes, bytes.view());
    oklo::sys::Fd file = file_of("file");
    fd = file.get();
    connection.send_file(std::move(file), 0, 4);
    connection.room(10)[0] = 'x';
    connection.advance(1);
    connection.set_deadline(connection.clock().now_ms);
    connection.pause_reading();
    connection.resume_reading();
    CHECK(connection.row().generation.load() == connection.id().generation);
    CHECK(net.pool.size() == 1);
    returned = true;
  };
  net.protocol.when_close = [&](Connection& connection) {
    CHECK(returned);
    CHECK(posted);  // Phase 6 comes before phase 8.
    CHECK(connection.input().size() == 3);
  };
  Peer peer = net.open(true, "some input");
  CHECK(net.protocol.calls == "open data ");
  net.turn();
  CHECK(net.protocol.calls == "open data close(handler_failed) ");
  CHECK(!is_open(fd));
  CHECK(peer.read().empty());
  CHECK(net.pool.size() == 0);
}

TEST_CASE("net/connection: each call may end the connection") {
  using Action = RecordingProtocol::Action RecordingProtocol::*;
  for (Action call : {&RecordingProtocol::when_open, &RecordingProtocol::when_data,
                      &RecordingProtocol::when_end, &RecordingProtocol::when_drained,
                      &RecordingProtocol::when_deadline, &RecordingProtocol::when_drain}) {
    for (bool aborts : {false, true}) {
      Net net;
      net.protocol.*call = [&](Connection& connection) {
        if (aborts) connection.abort(CloseReason::handler_failed);
        else connection.close(CloseReason::handler_failed, Linger::no);
      };
      Peer peer = net.open();
      if (net.connection().open()) net.connection().send(numbered(1 << 20));
      net.turn();
      peer.write("ask");
      peer.finish();
      net.pool.drain(oklo::DrainMode::stop);
      net.turn_until([&] {
        peer.read();
        if (net.protocol.live.empty()) return true;
        if (net.connection().queued() == 0) net.connection().set_deadline(net.reactor->clock().now_ms);
        return false;
      });
      CHECK(net.protocol.reasons == "handler_failed ");
      CHECK(net.protocol.calls.ends_with("close(handler_failed) "));
    }
  }
}

TEST_CASE("net/connection: a reset of the peer") {
  for (int state = 0; state < 4; state++) {
    CAPTURE(state);
    Net net;
    Peer peer = net.open_tcp();
    net.turn();
    if (state == 1) net.connection().pause_reading();
    if (state == 2) block(net);
    if (state == 3) {
      peer.finish();
      net.turn_until([&] { return net.connection().peer_finished(); });
    }
    net.turn();
    peer.reset();
    until_closed(net);
    CHECK(net.protocol.reasons == "peer_reset ");
    CHECK(net.closed(CloseReason::peer_reset) == 1);
  }
}

TEST_CASE("net/connection: what a peer sent before it went away is given first") {
  Net net;
  Peer peer = net.open();
  net.turn();
  peer.write("last words");
  peer.close();
  net.turn();
  CHECK(net.protocol.received == "last words");
  net.turn();
  CHECK(net.protocol.calls.starts_with("open data end "));
  net.connection().send("to nobody");
  until_closed(net);
  CHECK(net.protocol.calls == "open data end close(peer_reset) ");
}

TEST_CASE("net/connection: what a peer sent before it went away is there when reading goes on") {
  Net net;
  Peer peer = net.open();
  net.connection().pause_reading();
  net.turn();
  peer.write("last words");
  peer.close();
  for (int i = 0; i < 5; i++) net.turn();
  CHECK(net.turns_until_timer() < Net::kFewTurns);
  CHECK(net.protocol.calls == "open ");
  net.connection().resume_reading();
  for (int i = 0; i < 5; i++) net.turn();
  CHECK(net.protocol.received == "last words");
  CHECK(net.protocol.calls.starts_with("open data end "));
}

TEST_CASE("net/connection: a peer that went away while reading is paused does not keep the connection") {
  for (int how = 0; how < 3; how++) {
    CAPTURE(how);
    Net net;
    Peer peer = net.open();
    net.connection().pause_reading();
    net.turn();
    peer.close();
    net.turn();
    if (how == 0) net.connection().send("to nobody");
    if (how == 1) net.connection().close(CloseReason::finished, Linger::yes);
    if (how == 2) net.connection().abort(CloseReason::finished);
    for (int i = 0; i < 5; i++) net.turn();
    CHECK(net.protocol.reasons == (how == 0 ? "peer_reset " : "finished "));
  }
}

TEST_CASE("net/connection: the sending side can end alone, when all is sent") {
  Net net;
  Peer peer = net.open();
  net.turn();
  std::string text = block(net);
  net.connection().finish_sending();
  CHECK(net.read_all(peer) == text);
  CHECK(peer.ended());
  CHECK(net.connection().open());
  peer.write("still heard");
  net.turn();
  CHECK(net.protocol.received == "still heard");
  CHECK(net.turns_until_timer() < Net::kFewTurns);
  peer.finish();
  net.turn();
  CHECK(net.protocol.calls.ends_with("data end "));
}

TEST_CASE("net/connection: one whose peer has ended may stay, and costs no turns") {
  Net net;
  Peer peer = net.open_tcp();
  peer.finish();
  net.turn_until([&] { return net.connection().peer_finished(); });
  net.turn();
  CHECK(net.turns_until_timer() < Net::kFewTurns);
  CHECK(net.connection().open());
  net.connection().send("still here");
  net.connection().pause_reading();
  net.connection().resume_reading();
  std::string got;
  net.turn_until([&] {
    got += peer.read();
    return got == "still here";
  });
  CHECK(net.protocol.calls.find("data") == std::string::npos);
  CHECK(net.turns_until_timer() < Net::kFewTurns);
}

TEST_CASE("net/connection: one that ended lets the others be, also when they come in one batch") {
  Net net;
  std::vector<Peer> peers;
  for (int i = 0; i < 10; i++) peers.push_back(net.open());
  net.turn();
  std::vector<Connection*> all = net.protocol.live;
  net.protocol.when_data = [&](Connection& connection) {
    net.protocol.take(connection);
    for (Connection* other : all)
      if (other != &connection && other->open()) other->abort(CloseReason::aborted);
    connection.send("the last");
  };
  for (Peer& peer : peers) peer.write("ask");
  net.turn();
  CHECK(net.protocol.received == "ask");  // Whoever came first; the others hear no more.
  CHECK(net.protocol.live.size() == 1);
  int answers = 0;
  for (Peer& peer : peers) answers += peer.read() == "the last";
  CHECK(answers == 1);
}
