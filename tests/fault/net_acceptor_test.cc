#include <doctest/doctest.h>

#include <errno.h>

#include <string>
#include <vector>

#include "faulty_kernel.h"
#include "net/acceptor.h"
#include "net/listening.h"
#include "net/net_fixture.h"
#include "sys/file.h"

namespace faults = oklo::faults;
namespace sys = oklo::sys;
using oklo::Acceptor;
using oklo::CloseReason;
using oklo::net::Connection;

namespace {

struct Accepting : Net {
  Listening listening;
  Acceptor acceptor{pool, endpoint, listening.listener.get(), true, false};

  Accepting() {
    REQUIRE(acceptor.start().ok());
    protocol.when_data = [this](Connection& connection) {
      protocol.take(connection);
      connection.send("answer");
    };
  }
};

// How many of the peers were answered, when all were answered or are over.
size_t answered(Net& net, std::vector<Peer>& peers) {
  std::vector<std::string> got(peers.size());
  size_t count = 0;
  net.turn_until([&] {
    size_t done = count = 0;
    for (size_t i = 0; i < peers.size(); i++) {
      got[i] += peers[i].read();
      count += got[i] == "answer";
      done += got[i] == "answer" || peers[i].over();
    }
    return done == peers.size();
  });
  return count;
}

std::vector<Peer> asking(const Listening& listening, size_t count) {
  std::vector<Peer> peers = listening.connect_many(count);
  for (Peer& peer : peers) peer.write("ask");
  return peers;
}

}  // namespace

TEST_CASE("fault/net: a connection that is gone before it was accepted counts for nothing") {
  for (int number : {ECONNABORTED, EPROTO, EPERM, ENETDOWN, EHOSTUNREACH, EINTR}) {
    CAPTURE(number);
    Accepting net;
    std::vector<Peer> peers = asking(net.listening, 3);
    faults::Scope scope;
    for (int k : {1, 2, 4}) faults::fail("accept4", k, number);
    CHECK(answered(net, peers) == 3);
    CHECK(faults::all_happened());
    CHECK(net.pool.size() == 3);
    CHECK(net.life().accept_pauses.value() == 0);
  }
}

TEST_CASE("fault/net: endless errors of accept do not hold up the turn") {
  Accepting net;
  Peer other = net.open();
  std::vector<Peer> peers = asking(net.listening, 1);
  faults::Scope scope;
  faults::fail_always("accept4", ECONNABORTED);
  net.turn();
  CHECK(faults::count("accept4") <= 100);
  other.write("ask");
  net.turn();
  CHECK(other.read() == "answer");
}

TEST_CASE("fault/net: where the kernel has nothing to give, accepting pauses and goes on") {
  for (int number : {EMFILE, ENFILE, ENOBUFS, ENOMEM})
    for (int k = 1; k <= 3; k++) {
      CAPTURE(number);
      CAPTURE(k);
      Accepting net;
      std::vector<Peer> peers = asking(net.listening, 3);
      faults::Scope scope;
      faults::fail("accept4", k, number);
      net.turn_until([&] { return net.life().accept_pauses.value() == 1; });
      CHECK(net.pool.size() == static_cast<size_t>(k - 1));
      CHECK(net.turns_until_timer() < Net::kFewTurns);
      CHECK(faults::count("accept4") == k);
      CHECK(answered(net, peers) == 3);
      CHECK(net.life().accept_pauses.value() == 1);
    }
}

TEST_CASE("fault/net: room in the pool ends a pause at once") {
  Accepting net;
  net.pool.on_erase([&] { net.acceptor.on_room(); });
  std::vector<Peer> peers = asking(net.listening, 3);
  faults::Scope scope;
  faults::fail("accept4", 2, EMFILE);
  net.turn_until([&] { return net.life().accept_pauses.value() == 1; });
  REQUIRE(net.pool.size() == 1);
  net.protocol.live.front()->abort(CloseReason::finished);
  for (int i = 0; i < 5; i++) net.turn();
  CHECK(net.life().accepted.value() == 3);
  CHECK(net.turns_until_timer() < Net::kFewTurns);  // The timer of the pause is gone.
  net.pool.on_erase({});
}

TEST_CASE("fault/net: as long as there is no fd, each pause costs one try and no more") {
  Accepting net;
  Peer other = net.open();
  std::vector<Peer> peers = asking(net.listening, 2);
  faults::Scope scope;
  faults::fail_always("accept4", EMFILE);
  int before = net.turns();
  net.wait_until([&] { return net.life().accept_pauses.value() == 3; });
  CHECK(faults::count("accept4") == 3);
  CHECK(net.turns() - before < 20);
  other.write("ask");
  net.turn();
  CHECK(other.read() == "answer");
  faults::clear();
  CHECK(answered(net, peers) == 2);
}

TEST_CASE("fault/net: a listener that can't be watched again is tried again") {
  Accepting net;
  std::vector<Peer> peers = asking(net.listening, 2);
  faults::Scope scope;
  faults::fail("accept4", 1, EMFILE);
  faults::fail("epoll_ctl", 2, ENOMEM);  // The first one takes the listener away, the second brings it back.
  CHECK(answered(net, peers) == 2);
  CHECK(faults::all_happened());
  CHECK(net.life().accept_pauses.value() == 2);
}

TEST_CASE("fault/net: whatever fails for one that comes, the others are served and nothing leaks") {
  for (const char* call : {"accept4", "recv", "send", "epoll_ctl"})
    for (int number : {ENOMEM, ENOBUFS, ECONNRESET}) {
      CAPTURE(call);
      CAPTURE(number);
      size_t fds = sys::open_fds().size();
      for (int k = 1; k <= 4; k++) {
        CAPTURE(k);
        Accepting net;
        std::vector<Peer> peers = asking(net.listening, 4);
        faults::Scope scope;
        faults::fail(call, k, number);
        CHECK(answered(net, peers) >= 3);
        CHECK(faults::all_happened());
      }
      CHECK(sys::open_fds().size() == fds);
    }
}
