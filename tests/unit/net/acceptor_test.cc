#include "net/acceptor.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <sys/resource.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "child.h"
#include "net/listening.h"
#include "net/net_fixture.h"

using oklo::Acceptor;
using oklo::CloseReason;
using oklo::net::Connection;

namespace {

// The Net with an Acceptor at a listener.
struct Accepting : Net {
  Listening listening;
  std::optional<Acceptor> acceptor;

  explicit Accepting(uint32_t connections_max = 1000, const char* address = nullptr, bool deferred = false)
      : Net(connections_max), listening(address) {
    acceptor.emplace(pool, endpoint, listening.listener.get(), deferred, false);
    REQUIRE(acceptor->start().ok());
    pool.on_erase([this] { if (acceptor) acceptor->on_room(); });
  }
  ~Accepting() { pool.on_erase({}); }
};

// Echoes what comes.
void echo(Accepting& net) {
  net.protocol.when_data = [](Connection& connection) {
    connection.send({connection.input().data(), connection.input().size()});
    connection.consume(connection.input().size());
  };
}

// Lets the process open `more` fds at most; the limit that it had.
rlim_t limit_fds(size_t more) {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  rlim_t before = limit.rlim_cur;
  oklo::sys::Fd lowest(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  limit.rlim_cur = static_cast<rlim_t>(lowest.get()) + more;
  setrlimit(RLIMIT_NOFILE, &limit);
  return before;
}

void set_fd_limit(rlim_t value) {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = value;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

TEST_CASE("net/acceptor: accepts who connects, and knows where from") {
  Accepting net(1000, "127.0.0.1:0");
  echo(net);
  Peer peer = net.listening.connect();
  net.turn_until([&] { return net.pool.size() == 1; });
  oklo::sys::Address address = *oklo::sys::local_address(peer.fd());
  const oklo::ConnectionRow& row = net.connection().row();
  CHECK(oklo::sys::Address::from_ip(row.peer_ip, row.peer_port) == address);
  peer.write("hello");
  std::string got;
  net.turn_until([&] {
    got += peer.read();
    return got == "hello";
  });
  CHECK(net.life().accepted.value() == 1);
}

TEST_CASE("net/acceptor: a wake-up accepts several, but no flood of them") {
  Accepting net;
  std::vector<Peer> peers = net.listening.connect_many(200);
  size_t most = 0;
  int turns = 0;
  for (; net.pool.size() < 200; turns++) {
    size_t before = net.pool.size();
    net.turn();
    most = std::max(most, net.pool.size() - before);
  }
  CHECK(most <= 64);
  CHECK(turns <= 30);
  CHECK(net.turns_until_timer() < Net::kFewTurns);
  for (int i = 0; i < 3; i++) {
    peers.push_back(net.listening.connect());
    net.turn();
    CHECK(net.pool.size() == peers.size());
  }
}

TEST_CASE("net/acceptor: where accepting waits for the first bytes they are read at once") {
  Accepting net(1000, nullptr, true);
  Peer peer = net.listening.connect();
  peer.write("hello");
  net.turn();
  CHECK(net.protocol.calls == "open data ");
  Accepting other;
  Peer another = other.listening.connect();
  another.write("hello");
  other.turn();
  CHECK(other.protocol.calls == "open ");
  other.turn();
  CHECK(other.protocol.calls == "open data ");
}

TEST_CASE("net/acceptor: stops when the pool is full, goes on when there is room") {
  Accepting net(3);
  std::vector<Peer> peers = net.listening.connect_many(10);
  net.turn_until([&] { return net.life().accept_pauses.value() == 1; });
  CHECK(net.pool.size() == 3);
  CHECK(net.turns_until_timer() < Net::kFewTurns);
  CHECK(net.pool.size() == 3);
  for (size_t gone = 1; gone <= 7; gone++) {
    net.protocol.live.front()->abort(CloseReason::finished);
    net.turn();
    net.turn();
    CHECK(net.pool.size() == 3);
    CHECK(net.life().accepted.value() == 3 + gone);
  }
  CHECK(net.turns_until_timer() < Net::kFewTurns);
  net.pool.abort_all();
  net.turn();
  CHECK(net.pool.size() == 0);
  Peer late = net.listening.connect();
  net.turn();
  CHECK(net.pool.size() == 1);
}

TEST_CASE("net/acceptor: room while it is not full changes nothing") {
  Accepting net(10);
  Peer first = net.listening.connect(), second = net.listening.connect();
  net.turn_until([&] { return net.pool.size() == 2; });
  net.acceptor->on_room();
  net.acceptor->on_room();
  net.protocol.live.front()->abort(CloseReason::finished);
  Peer third = net.listening.connect();
  net.turn();
  net.turn();
  CHECK(net.pool.size() == 2);
  CHECK(net.life().accept_pauses.value() == 0);
}

TEST_CASE("net/acceptor: a pool that others have filled is respected") {
  Accepting net(2);
  std::vector<Peer> others;
  others.push_back(net.open());
  others.push_back(net.open());
  Peer peer = net.listening.connect();
  net.turn();
  net.acceptor->on_room();  // There is none.
  net.turn();
  CHECK(net.pool.size() == 2);
  CHECK(net.life().accepted.value() == 2);
  CHECK(net.turns_until_timer() < Net::kFewTurns);
  net.protocol.live.front()->abort(CloseReason::finished);
  net.turn();
  net.turn();
  CHECK(net.life().accepted.value() == 3);
}

TEST_CASE("net/acceptor: a connection that is gone before it was accepted") {
  Accepting net(1000, "127.0.0.1:0");
  echo(net);
  net.listening.connect().reset();
  net.listening.connect().close();
  Peer peer = net.listening.connect();
  peer.write("hello");
  std::string got;
  net.turn_until([&] {
    got += peer.read();
    return got == "hello";
  });
}

TEST_CASE("net/acceptor: without an fd it pauses, and goes on when there is one") {
  CHECK(in_child([] {
          Accepting net;
          std::vector<Peer> peers = net.listening.connect_many(5);
          rlim_t limit = limit_fds(2);
          net.turn_until([&] { return net.life().accept_pauses.value() != 0; });
          if (net.pool.size() != 2) return 1;
          if (net.turns_until_timer() >= Net::kFewTurns) return 2;
          net.protocol.live.front()->abort(CloseReason::finished);  // Its fd is free for the next.
          net.turn_until([&] { return net.life().accepted.value() == 3; });
          if (net.pool.size() != 2) return 3;
          set_fd_limit(limit);
          net.wait_until([&] { return net.life().accepted.value() == 5; });
          return net.pool.size() == 4 ? 0 : 4;
        }) == 0);
}

TEST_CASE("net/acceptor: the pause of one that has no fd ends by itself, and does not spin") {
  CHECK(in_child([] {
          Accepting net;
          Peer peer = net.listening.connect();
          rlim_t limit = limit_fds(0);
          net.turn();
          int before = net.turns();
          net.wait_until([&] { return net.life().accept_pauses.value() == 3; });
          if (net.turns() - before > 20) return 1;
          set_fd_limit(limit);
          net.wait_until([&] { return net.pool.size() == 1; });
          return net.turns() - before > 30 ? 2 : 0;
        }) == 0);
}

TEST_CASE("net/acceptor: before its listener goes it can accept all that wait") {
  Accepting net;
  std::vector<Peer> peers = net.listening.connect_many(150);
  for (Peer& peer : peers) peer.write("ask");
  net.acceptor->take_waiting();
  CHECK(net.pool.size() == 150);
  net.acceptor->take_waiting();
  net.acceptor.reset();
  net.listening.listener.reset();
  echo(net);
  for (int i = 0; i < 3; i++) net.turn();
  for (Peer& peer : peers) CHECK(peer.read() == "ask");
}

TEST_CASE("net/acceptor: of those that wait it accepts as many as there is room for") {
  Accepting net(5);
  std::vector<Peer> peers = net.listening.connect_many(10);
  net.acceptor->take_waiting();
  CHECK(net.pool.size() == 5);
  net.turn();
  net.acceptor->take_waiting();
  CHECK(net.pool.size() == 5);
  net.pool.abort_all();
  net.turn_until([&] { return net.life().accepted.value() == 10; });
}

TEST_CASE("net/acceptor: it leaves the listener when it dies, and another takes it over") {
  Accepting net;
  Peer first = net.listening.connect();
  net.turn();
  net.acceptor.reset();
  Peer second = net.listening.connect();
  for (int i = 0; i < 5; i++) net.turn();
  CHECK(net.pool.size() == 1);
  net.acceptor.emplace(net.pool, net.endpoint, net.listening.listener.get(), false, false);
  REQUIRE(net.acceptor->start().ok());
  net.turn();
  CHECK(net.pool.size() == 2);
}

TEST_CASE("net/acceptor: it may die while it pauses") {
  Accepting net(1);
  std::vector<Peer> peers = net.listening.connect_many(3);
  net.turn();
  net.turn();
  net.acceptor.reset();
  net.pool.abort_all();
  net.turn();
  CHECK(net.life().accepted.value() == 1);
  CHECK(in_child([] {
          Accepting other;
          Peer peer = other.listening.connect();
          rlim_t limit = limit_fds(0);
          other.turn();
          other.acceptor.reset();
          set_fd_limit(limit);
          other.turns_until_timer();
          return other.pool.size() == 0 ? 0 : 1;
        }) == 0);
}

TEST_CASE("net/acceptor: a listener that cannot be watched is an error") {
  Net net;
  Acceptor acceptor(net.pool, net.endpoint, 100'000, false, false);
  auto started = acceptor.start();
  REQUIRE(!started.ok());
  CHECK(started.error().number == ENOSPC);
  CHECK(started.error().text == "cannot watch a listener: No space left on device");
  Acceptor none(net.pool, net.endpoint, 1000, false, true);
  CHECK(none.start().error().number == EBADF);
}

TEST_CASE("net/acceptor: two that share a listener accept each connection once") {
  Accepting first;
  Net second;
  first.acceptor.emplace(first.pool, first.endpoint, first.listening.listener.get(), false, true);
  REQUIRE(first.acceptor->start().ok());
  Acceptor other(second.pool, second.endpoint, first.listening.listener.get(), false, true);
  REQUIRE(other.start().ok());
  std::vector<Peer> peers;
  for (int i = 0; i < 20; i++) {
    peers.push_back(first.listening.connect());
    second.turn();
    first.turn();
    CHECK(first.pool.size() + second.pool.size() == peers.size());
  }
}
