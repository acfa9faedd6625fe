#include "net/connector.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "emulated.h"
#include "net/connecting.h"
#include "net/fake_names.h"

using oklo::ConnectionId;
using oklo::Error;
using Addresses = FakeNames::Addresses;

namespace {

struct WithNames {
  FakeNames names;
};

// The names outlive the Connector.
struct Naming : WithNames, Connecting {
  Naming() { connector.use_names(names); }
  // Asks for a name, and has it looked up.
  ConnectionId look_up(std::string_view address, uint32_t timeout_ms = 60'000) {
    ConnectionId id = connect(address, timeout_ms);
    CHECK(names.lookups.empty());
    turn();
    CHECK(names.lookups.size() == 1);
    CHECK(outcomes.empty());
    return id;
  }
};

sys::Address without_port(sys::Address address) {
  address.set_port(0);
  return address;
}

// "web.test:PORT"
std::string named(const sys::Address& address) { return "web.test:" + std::to_string(address.port()); }

// The same port at another address of the loopback.
std::string second_host(const sys::Address& address) {
  return "127.0.0.2:" + std::to_string(address.port());
}

}  // namespace

TEST_CASE("net/connector: a name is looked up, and its address gets the port") {
  Naming net;
  Listening listening("127.0.0.1:0");
  ConnectionId id = net.look_up(named(listening.address));
  CHECK(net.names.lookups[0].host == "web.test");
  net.names.answer(Addresses{without_port(listening.address)});
  CHECK(net.outcome() == "up ");
  CHECK(net.connection().id() == id);
  CHECK(net.connection().row().peer_port == listening.address.port());
}

TEST_CASE("net/connector: localhost is a name, what consists of numbers is not") {
  Naming net;
  Listening listening("127.0.0.1:0");
  net.look_up("localhost:1");
  net.names.lookups.clear();
  net.connect(listening.address.to_string());
  CHECK(net.outcome() == "up ");
  net.connect("999.0.0.1:80");
  CHECK(net.outcome().starts_with("bad address \"999.0.0.1:80\": the host is not an IPv4 address; write "));
  net.connect("web.test");
  CHECK(net.outcome().starts_with("bad address \"web.test\": the port is missing; write "));
  CHECK(net.names.lookups.empty());
}

TEST_CASE("net/connector: the addresses are tried in their order until one is there") {
  Naming net;
  Listening listening("127.0.0.1:0");
  Listening other(second_host(listening.address).c_str());
  sys::Address nobody = *sys::Address::parse("127.0.0.3:0");
  net.look_up(named(listening.address));
  net.names.answer(Addresses{nobody, without_port(other.address), without_port(listening.address)});
  CHECK(net.outcome() == "up ");
  CHECK(net.connection().row().peer_ip[15] == 2);
}

TEST_CASE("net/connector: where all refuse, the last one is told") {
  if (emulated_mips()) return;
  Naming net;
  std::string port = deserted().substr(std::string("127.0.0.1:").size());
  net.look_up("web.test:" + port);
  net.names.answer(Addresses{*sys::Address::parse("127.0.0.3:0"), *sys::Address::parse("127.0.0.4:0")});
  CHECK(net.outcome() == "cannot connect to web.test:" + port + " at 127.0.0.4:" + port +
                             ": Connection refused ");
  net.turn();
  CHECK(net.pool.empty());
  CHECK(net.connector.size() == 0);
}

TEST_CASE("net/connector: an address that says nothing has its part of the time, then the next one comes") {
  Naming net;
  FullListener silent("127.0.0.1:0");
  Listening listening(second_host(silent.address).c_str());
  uint64_t begin = net.reactor->clock().now_ms;
  net.look_up(named(silent.address), 600);
  net.names.answer(Addresses{without_port(silent.address), without_port(listening.address)});
  CHECK(net.outcome() == "up ");
  CHECK(net.reactor->clock().now_ms >= begin + 300);
  CHECK(net.connection().row().peer_ip[15] == 2);
  CHECK(net.turns_until_timer() < Net::kFewTurns);
}

TEST_CASE("net/connector: all addresses of a name have one time together") {
  Naming net;
  FullListener silent("127.0.0.1:0");
  sys::Address address = without_port(silent.address);
  uint64_t begin = net.reactor->clock().now_ms;
  net.look_up(named(silent.address), 60);
  net.names.answer(Addresses{address, address, address, address});
  CHECK(net.outcome() == "cannot connect to " + named(silent.address) + ": no answer within 60 ms ");
  CHECK(net.reactor->clock().now_ms < begin + 4 * 60);
  net.turn();
  CHECK(net.connector.size() == 0);
}

TEST_CASE("net/connector: a name that nobody knows, one that takes too long, and too many of them") {
  Naming net;
  net.look_up("web.test:80");
  net.names.answer(Error{0, "there is no host \"web.test\""});
  CHECK(net.outcome() == "cannot connect to web.test:80: there is no host \"web.test\" ");
  net.look_up("web.test:80", 40);
  CHECK(net.outcome() == "cannot connect to web.test:80: its name was not looked up within 40 ms ");
  CHECK(net.names.lookups.empty());
  net.names.full = true;
  net.connect("web.test:80", 40);
  CHECK(net.outcome() == "cannot connect to web.test:80: its name was not looked up within 40 ms ");
  net.turn();
  CHECK(net.pool.empty());
  CHECK(net.connector.size() == 0);
}

TEST_CASE("net/connector: where too many names are looked up, it waits for room") {
  Naming net;
  Listening listening("127.0.0.1:0");
  net.names.full = true;
  net.connect(named(listening.address));
  for (int i = 0; i < 3; i++) net.turn();
  CHECK(net.outcomes.empty());
  net.names.full = false;
  net.wait_until([&] { return !net.names.lookups.empty(); });
  net.names.answer(Addresses{without_port(listening.address)});
  CHECK(net.outcome() == "up ");
  net.names.full = true;
  ConnectionId id = net.connect(named(listening.address));
  net.turn();
  CHECK(net.connector.cancel(id));
  CHECK(net.turns_until_timer() < Net::kFewTurns);
}

TEST_CASE("net/connector: a lookup ends with its attempt") {
  FakeNames outliving;
  {
    Naming net;
    ConnectionId id = net.look_up("web.test:80");
    CHECK(net.connector.cancel(id));
    CHECK(net.names.lookups.empty());
    net.look_up("web.test:80");
    net.connector.leave();
    CHECK(net.names.lookups.empty());
    CHECK(net.outcome() == "cannot connect to web.test:80: this process leaves ");
    net.turn();
    CHECK(net.pool.empty());
  }
  {
    Connecting net;
    net.connector.use_names(outliving);
    net.connect("web.test:80");
    net.turn();
    CHECK(outliving.lookups.size() == 1);
  }
  CHECK(outliving.lookups.empty());
}
