#include "net/connection_pool.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "net/net_fixture.h"

using oklo::CloseReason;
using oklo::net::Connection;
using oklo::DrainMode;
using Linger = Connection::Linger;

namespace {

std::vector<Peer> open_many(Net& net, size_t count) {
  std::vector<Peer> peers;
  for (size_t i = 0; i < count; i++) peers.push_back(net.open());
  return peers;
}

size_t rows_in_use(const Net& net) {
  size_t count = 0;
  for (uint32_t i = 0; i < net.table.size(); i++) count += net.table.row(i).generation.load() % 2;
  return count;
}

}  // namespace

TEST_CASE("net/connection_pool: it counts what is open, and is full at its bound") {
  Net net(3);
  CHECK(net.pool.size() == 0);
  CHECK(!net.pool.full());
  std::vector<Peer> peers = open_many(net, 2);
  CHECK(!net.pool.full());
  peers.push_back(net.open());
  CHECK(net.pool.full());
  CHECK(net.pool.size() == 3);
  CHECK(net.life().connections.load() == 3);
  net.protocol.live[1]->abort(CloseReason::finished);
  CHECK(net.pool.full());  // It is there until the turn ends.
  net.turn();
  CHECK(net.pool.size() == 2);
  CHECK(!net.pool.full());
  CHECK(net.life().connections.load() == 2);
  CHECK(net.life().accepted.value() == 3);
  CHECK(net.closed(CloseReason::finished) == 1);
}

TEST_CASE("net/connection_pool: each connection has its own row, and frees it") {
  Net net;
  std::vector<Peer> peers = open_many(net, 100);
  std::set<uint32_t> rows;
  for (Connection* connection : net.protocol.live) {
    rows.insert(connection->id().row);
    CHECK(connection->row().owner.load() == 0);
  }
  CHECK(rows.size() == 100);
  CHECK(rows_in_use(net) == 100);
  for (size_t i = 0; i < 100; i += 2) net.protocol.live[i]->close(CloseReason::finished, Linger::no);
  net.turn();
  CHECK(net.pool.size() == 50);
  CHECK(rows_in_use(net) == 50);
  for (Connection* connection : net.protocol.live)
    CHECK(connection->row().generation.load() == connection->id().generation);
}

TEST_CASE("net/connection_pool: without a row in the table a socket is closed") {
  Net net(1000, 64);
  std::vector<Peer> peers = open_many(net, 64);
  CHECK(net.pool.size() == 64);
  net.protocol.calls.clear();
  Peer beyond = net.open();
  CHECK(beyond.read().empty());
  CHECK(beyond.ended());
  CHECK(net.protocol.calls.empty());
  CHECK(net.pool.size() == 64);
  CHECK(net.closed(CloseReason::no_memory) == 1);
  CHECK(net.life().accepted.value() == 64);
  net.protocol.live[5]->abort(CloseReason::finished);
  net.turn();
  Peer again = net.open(true, "hello");
  CHECK(net.protocol.received == "hello");
  CHECK(net.pool.size() == 64);
}

TEST_CASE("net/connection_pool: every open session hears how the worker leaves") {
  for (DrainMode mode : {DrainMode::reload, DrainMode::stop}) {
    Net net;
    std::vector<Peer> peers = open_many(net, 70);
    net.turn();
    net.protocol.live[0]->abort(CloseReason::finished);
    net.protocol.live[1]->close(CloseReason::finished, Linger::yes);
    std::vector<Connection*> told;
    net.protocol.when_drain = [&](Connection& connection) {
      told.push_back(&connection);
      if (told.size() % 2) connection.send("bye");
      connection.close(CloseReason::drained, Linger::no);
    };
    net.protocol.calls.clear();
    std::vector<Connection*> open(net.protocol.live.begin() + 2, net.protocol.live.end());
    net.pool.drain(mode);
    std::sort(told.begin(), told.end());
    std::sort(open.begin(), open.end());
    CHECK(told == open);
    std::string call = mode == DrainMode::stop ? "drain(stop) " : "drain(reload) ";
    for (size_t at = 0; at < net.protocol.calls.size(); at += call.size())
      CHECK(net.protocol.calls.compare(at, call.size(), call) == 0);
    net.turn();
    CHECK(net.closed(CloseReason::drained) == 68);
    net.pool.drain(mode);
    CHECK(told.size() == 68);
    int byes = 0;
    for (Peer& peer : peers) byes += peer.read() == "bye";
    CHECK(byes == 34);
  }
}

TEST_CASE("net/connection_pool: abort_all ends whatever state a connection is in") {
  Net net;
  std::vector<Peer> peers = open_many(net, 6);
  std::vector<Connection*> all = net.protocol.live;
  net.turn();
  all[1]->send(numbered(2 << 20));
  all[2]->send(numbered(2 << 20));
  all[2]->close(CloseReason::finished, Linger::no);
  all[3]->close(CloseReason::finished, Linger::yes);
  all[4]->pause_reading();
  peers[5].finish();
  net.turn();
  net.turn();
  REQUIRE(net.pool.size() == 6);
  net.pool.abort_all();
  net.turn();
  CHECK(net.pool.size() == 0);
  CHECK(net.closed(CloseReason::aborted) == 6);
  CHECK(net.life().connections.load() == 0);
  for (Peer& peer : peers) {
    peer.read();
    CHECK(peer.over());
  }
  net.pool.abort_all();
  net.turn();
  CHECK(net.closed(CloseReason::aborted) == 6);
}

TEST_CASE("net/connection_pool: on_erase comes after each that ended, when it is gone") {
  Net net;
  std::vector<Peer> peers = open_many(net, 5);
  std::vector<size_t> sizes;
  net.pool.on_erase([&] {
    CHECK(net.protocol.live.size() == net.pool.size());
    CHECK(rows_in_use(net) == net.pool.size());
    sizes.push_back(net.pool.size());
  });
  net.protocol.live[2]->close(CloseReason::finished, Linger::no);
  net.protocol.live[4]->abort(CloseReason::finished);
  CHECK(sizes.empty());
  net.turn();
  CHECK(sizes == std::vector<size_t>{4, 3});
  net.pool.abort_all();
  net.turn();
  CHECK(sizes == std::vector<size_t>{4, 3, 2, 1, 0});
}

TEST_CASE("net/connection_pool: a place is used again by a connection that knows nothing of the last") {
  Net net(1);
  for (int i = 0; i < 200; i++) {
    Peer peer = net.open(true, "x");
    Connection& connection = net.connection();
    CHECK(connection.open());
    CHECK(connection.input().empty());
    CHECK(connection.queued() == 0);
    CHECK(!connection.peer_finished());
    connection.session<uint64_t>()++;
    CHECK(connection.session<uint64_t>() == 1);
    connection.set_deadline(net.reactor->clock().now_ms + 1);
    if (i % 3 == 0) connection.pause_reading();
    if (i % 3 == 1) peer.finish();
    net.turn();
    net.turn();
    connection.send("left over");
    connection.abort(CloseReason::finished);
    net.turn();
    CHECK(net.pool.size() == 0);
  }
  CHECK(net.closed(CloseReason::finished) == 200);
  CHECK(rows_in_use(net) == 0);
}

TEST_CASE("net/connection_pool: it says in its row of the scoreboard whether it is full") {
  Net net(2);
  Peer first = net.open();
  CHECK(!net.life().full.load());
  Peer second = net.open();
  CHECK(net.life().full.load());
  net.protocol.live[0]->abort(CloseReason::finished);
  net.turn();
  CHECK(!net.life().full.load());
}

TEST_CASE("net/connection_pool: endpoints of one pool have their own protocols") {
  Net net;
  RecordingProtocol other;
  oklo::Endpoint endpoint = net.pool.make_endpoint(other);
  Peer first = net.open(true, "one");
  Peer second = net.open_at(endpoint, true, "two");
  CHECK(net.protocol.received == "one");
  CHECK(other.received == "two");
  CHECK(net.pool.size() == 2);
  net.pool.drain(DrainMode::stop);
  net.pool.abort_all();
  net.turn();
  CHECK(net.protocol.calls == "open data drain(stop) close(aborted) ");
  CHECK(other.calls == "open data drain(stop) close(aborted) ");
}

TEST_CASE("net/connection_pool: a connection that changes its endpoint has another protocol from then on") {
  Net net;
  RecordingProtocol other;
  oklo::Endpoint endpoint = net.pool.make_endpoint(other);
  endpoint.kind = oklo::ConnectionKind::http;
  endpoint.queue_bytes_max = 10'000;
  net.protocol.when_data = [&](Connection& connection) {
    connection.session<uint64_t>() = 7;
    connection.send("switched\n");
    connection.consume(5);
    connection.change_endpoint(endpoint);
    CHECK(connection.session<uint64_t>() == 0);
    CHECK(&connection.endpoint() == &endpoint);
    CHECK(connection.row().kind == oklo::ConnectionKind::http);
    CHECK(std::string(connection.input().data(), connection.input().size()) == "rest ");
  };
  Peer peer = net.open(true, "head rest ");
  net.turn();
  CHECK(peer.read() == "switched\n");
  CHECK(net.protocol.calls == "open data ");
  CHECK(other.calls.empty());
  peer.write("and more");
  net.turn();
  CHECK(other.received == "rest and more");
  Connection& connection = *net.protocol.live.front();
  connection.set_deadline(net.reactor->clock().now_ms);
  net.turn();
  peer.finish();
  net.turn();
  net.pool.drain(DrainMode::reload);
  CHECK(!connection.send(std::string(10'001, 'x')));
  net.turn();
  CHECK(other.calls == "data deadline end drain(reload) close(queue_full) ");
  CHECK(net.protocol.calls == "open data ");
  CHECK(net.pool.size() == 0);
}

TEST_CASE("net/connection_pool: an id finds its connection, and no other one, as long as it is there") {
  Net net;
  std::vector<Peer> peers = open_many(net, 100);
  for (Connection* connection : net.protocol.live) CHECK(net.pool.find(connection->id()) == connection);
  oklo::ConnectionId gone = net.protocol.live[40]->id();
  net.protocol.live[40]->abort(CloseReason::finished);
  net.turn();
  CHECK(net.pool.find(gone) == nullptr);
  peers.push_back(net.open());  // It gets the same row.
  CHECK(net.connection().id().row == gone.row);
  CHECK(net.pool.find(gone) == nullptr);
  CHECK(net.pool.find({}) == nullptr);
  CHECK(net.pool.find({UINT32_MAX, 1}) == nullptr);
  oklo::ConnectionRows others(net.table, 1);
  CHECK(net.pool.find(others.open()) == nullptr);
  size_t count = 0;
  net.pool.for_each([&count](Connection&) { count++; });
  CHECK(count == 100);
}

TEST_CASE("net/connection_pool: what waits in the socket is heard before a stop is told, not at a reload") {
  for (DrainMode mode : {DrainMode::stop, DrainMode::reload}) {
    Net net;
    Peer peer = net.open();
    net.turn();
    peer.write("request");
    net.protocol.when_drain = [](Connection& connection) {
      connection.close(CloseReason::drained, Linger::no);
    };
    net.pool.drain(mode);
    net.turn();
    CHECK(net.protocol.received == (mode == DrainMode::stop ? "request" : ""));
    CHECK(net.closed(CloseReason::drained) == 1);
  }
}

TEST_CASE("net/connection_pool: one that has paused hears nothing more at a stop") {
  Net net;
  Peer peer = net.open();
  net.connection().pause_reading();
  peer.write("request");
  net.pool.drain(DrainMode::stop);
  CHECK(net.protocol.received.empty());
}
