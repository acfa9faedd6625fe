#include "net/connector.h"

#include <doctest/doctest.h>

#include <string>

#include "emulated.h"
#include "net/connecting.h"

using oklo::CloseReason;
using oklo::ConnectionId;
using oklo::ConnectionKind;
using oklo::Connector;

TEST_CASE("net/connector: a connection comes up, in a turn after the one in which it was asked for") {
  for (const char* text : {"127.0.0.1:0", "[::1]:0", static_cast<const char*>(nullptr)}) {
    Connecting net;
    Listening listening(text);
    ConnectionId id = net.connect(listening.address.to_string());
    CHECK(id);
    CHECK(net.outcomes.empty());
    CHECK(net.pool.size() == 0);
    CHECK_FALSE(net.pool.empty());
    CHECK(net.pool.find(id) == nullptr);
    CHECK(net.outcome() == "up ");
    CHECK(net.connection().id() == id);
    CHECK(net.pool.find(id) == &net.connection());
    CHECK(net.connection().row().kind == ConnectionKind::stream_client);
    CHECK(net.connection().row().peer_port == listening.address.port());
    CHECK(net.pool.size() == 1);
    CHECK(net.pool.accepted() == 0);
    CHECK(net.life().accepted.value() == 0);
    CHECK(net.life().connections == 1);
    net.turn();
    CHECK(net.connector.size() == 0);
    sys::Address from;
    sys::Fd accepted(static_cast<int>(sys::accept_connection(listening.listener.get(), from)));
    REQUIRE(accepted);
    Peer peer(std::move(accepted));
    net.connection().send("hello");
    net.turn();
    CHECK(peer.read() == "hello");
    peer.write("good day");
    net.turn_until([&] { return net.protocol.received == "good day"; });
    net.connection().abort(CloseReason::finished);
    net.turn();
    CHECK(net.pool.empty());
    CHECK(net.closed(CloseReason::finished) == 1);
    CHECK(net.erased == 1);
  }
}

TEST_CASE("net/connector: what can't be is told as a sentence, once, and leaves nothing behind") {
  if (emulated_mips()) return;
  Connecting net;
  std::string nobody = deserted();
  CHECK(net.connect(nobody));
  CHECK(net.outcomes.empty());
  CHECK(net.outcome() == "cannot connect to " + nobody + ": Connection refused ");
  CHECK(net.connect("unix:/nowhere"));
  CHECK(net.outcome() == "cannot connect to unix:/nowhere: No such file or directory ");
  CHECK(net.connect(""));
  CHECK(net.outcome().starts_with("bad address \"\": "));
  net.turn();
  CHECK(net.outcomes.empty());
  CHECK(net.connector.size() == 0);
  CHECK(net.pool.empty());
  CHECK(net.erased == 3);
  CHECK(net.turns_until_timer() < Net::kFewTurns);
}

TEST_CASE("net/connector: where nobody answers, it fails when its time is over") {
  for (const char* text : {"127.0.0.1:0", ""}) {
    Connecting net;
    FullListener full(text);
    std::string address = full.address.to_string();
    uint64_t begin = net.reactor->clock().now_ms;
    CHECK(net.connect(address, 60));
    CHECK(net.outcome() == "cannot connect to " + address + ": no answer within 60 ms ");
    CHECK(net.reactor->clock().now_ms >= begin + 60);
    CHECK(net.turns() < 3 * Net::kFewTurns);
    net.turn();
    CHECK(net.pool.empty());
    CHECK(net.connector.size() == 0);
  }
}

TEST_CASE("net/connector: a full queue of a unix socket is waited for") {
  Connecting net;
  FullListener full("");
  CHECK(net.connect(full.address.to_string()));
  for (int i = 0; i < 3; i++) net.turn();
  CHECK(net.outcomes.empty());
  sys::Address from;
  sys::Fd first(static_cast<int>(sys::accept_connection(full.listener.get(), from)));
  REQUIRE(first);
  CHECK(net.outcome() == "up ");
}

TEST_CASE("net/connector: cancelled, it calls nothing, at whatever stage it is") {
  Connecting net;
  FullListener full("127.0.0.1:0");
  ConnectionId at_once = net.connect(full.address.to_string());
  CHECK(net.connector.cancel(at_once));
  CHECK_FALSE(net.connector.cancel(at_once));
  ConnectionId under_way = net.connect(full.address.to_string(), 30);
  net.turn();
  CHECK(net.connector.cancel(under_way));
  CHECK(net.pool.empty());
  CHECK(net.turns_until_timer() < Net::kFewTurns);
  CHECK(net.outcomes.empty());
  CHECK(net.connector.size() == 0);
  CHECK(net.erased == 2);

  Listening listening;
  ConnectionId up = net.connect(listening.address.to_string());
  CHECK(net.outcome() == "up ");
  CHECK_FALSE(net.connector.cancel(up));
  CHECK_FALSE(net.connector.cancel({}));
  CHECK_FALSE(net.connector.cancel({1000, 1}));
}

TEST_CASE("net/connector: an id is not that of the attempt which had its row before") {
  Connecting net;
  Listening listening;
  ConnectionId first = net.connect(listening.address.to_string());
  CHECK(net.connector.cancel(first));
  ConnectionId second = net.connect(listening.address.to_string());
  CHECK(second.row == first.row);
  CHECK(second != first);
  CHECK_FALSE(net.connector.cancel(first));
  CHECK(net.outcome() == "up ");
  CHECK(net.connection().id() == second);
}

TEST_CASE("net/connector: those that are being made take room, too") {
  Connecting net(2);
  Listening listening;
  CHECK(net.connect(listening.address.to_string()));
  CHECK_FALSE(net.pool.full());
  CHECK(net.connect(listening.address.to_string()));
  CHECK(net.pool.full());
  CHECK(net.life().full);
  CHECK_FALSE(net.connect("127.0.0.1:1"));
  CHECK(net.outcomes.empty());
  net.wait_until([&] { return net.protocol.live.size() == 2; });
  CHECK(net.outcomes.find("cannot connect to 127.0.0.1:1: it has as many connections as it may ") !=
        std::string::npos);
  CHECK(net.pool.full());
  net.connection().abort(CloseReason::finished);
  net.turn();
  CHECK_FALSE(net.pool.full());
}

TEST_CASE("net/connector: when the process leaves all fail, and so does what is asked for later") {
  Connecting net;
  FullListener full("127.0.0.1:0");
  std::string address = full.address.to_string();
  net.connect(address);
  net.turn();
  net.connect(address);
  std::string leaves = "cannot connect to " + address + ": this process leaves ";
  net.connector.leave();
  CHECK(net.outcomes == leaves + leaves);
  CHECK(net.pool.empty());
  net.outcomes.clear();
  CHECK_FALSE(net.connect(address));
  CHECK(net.outcomes.empty());
  CHECK(net.outcome() == leaves);
}

TEST_CASE("net/connector: from the call that tells of a failure another may be begun") {
  Connecting net;
  Listening listening;
  bool up = false;
  auto again = [&](ConnectionId id, oklo::Result<Connector::Connected> outcome) {
    REQUIRE(outcome);
    up = true;
    net.pool.open_client(id, net.endpoint, std::move(outcome->socket), outcome->peer);
  };
  auto first = [&](ConnectionId, oklo::Result<Connector::Connected> outcome) {
    CHECK_FALSE(outcome);
    net.connector.connect(listening.address.to_string(), 60'000, {}, again);
  };
  net.connector.connect(deserted(), 60'000, {}, first);
  net.wait_until([&] { return up; });
}

TEST_CASE("net/connector: clients are drained apart from what listeners gave") {
  Connecting net;
  Listening listening;
  net.connect(listening.address.to_string());
  CHECK(net.outcome() == "up ");
  oklo::Endpoint listener = net.pool.make_endpoint(net.protocol);
  Peer peer = net.open_at(listener, false, "");
  CHECK(net.pool.size() == 2);
  CHECK(net.pool.accepted() == 1);
  net.protocol.calls.clear();
  net.pool.drain(oklo::DrainMode::reload);
  CHECK(net.protocol.calls == "drain(reload) ");
  net.protocol.calls.clear();
  net.pool.drain_clients();
  CHECK(net.protocol.calls == "drain(stop) ");
}

TEST_CASE("net/connector: with attempts under way it ends with its worker") {
  FullListener full("127.0.0.1:0");
  Connecting net;
  net.connect(full.address.to_string());
  net.connect(full.address.to_string());
  net.turn();
  CHECK(Connector::current() == &net.connector);
}
