#include "stream/datagram_peers.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "net/fake_names.h"
#include "net/turns.h"
#include "sys/outgoing.h"
#include "sys/socket.h"
#include "temp_dir.h"

namespace sys = oklo::sys;
using oklo::DatagramClientOptions;
using oklo::stream::DatagramPeers;

namespace {

// A socket that datagrams are sent to, and what it hears.
struct Hearer {
  sys::Address address;
  sys::Fd socket;

  explicit Hearer(const std::string& text = "127.0.0.1:0") : address(*sys::Address::parse(text)) {
    sys::ListenOptions options;
    options.datagram = true;
    socket = sys::listen_on(address, options).value();
    address = *sys::local_address(socket.get());
  }
  // Each in brackets; the sender of the last one is remembered.
  std::string heard() {
    std::string all;
    char room[70'000];
    for (;;) {
      sockaddr_storage from = {};
      socklen_t length = sizeof from;
      sockaddr* to = reinterpret_cast<sockaddr*>(&from);
      ssize_t size = ::recvfrom(socket.get(), room, sizeof room, MSG_DONTWAIT, to, &length);
      if (size < 0) return all;
      sender = sys::Address(to, length);
      all += "[" + std::string(room, static_cast<size_t>(size)) + "]";
    }
  }
  void answer(std::string_view bytes, const sys::Address& to) const {
    ssize_t sent = ::sendto(socket.get(), bytes.data(), bytes.size(), 0, to.data(), to.size());
    REQUIRE(sent == static_cast<ssize_t>(bytes.size()));
  }
  void answer(std::string_view bytes) const { answer(bytes, sender); }
  std::string name() const { return address.to_string(); }
  std::string at(const char* host) const { return host + (":" + std::to_string(address.port())); }

  sys::Address sender;
};

struct World : Turns {
  oklo::LifeRow life = {};
  oklo::ConnectionTable table = oklo::ConnectionTable::create(64).value();
  oklo::ConnectionPool pool{*reactor, table, life, 0, 64};
  oklo::Connector connector{pool};
  FakeNames names;
  std::string calls;
  oklo::DatagramClientHandlers handlers;
  DatagramClientOptions options;
  DatagramPeers peers;

  explicit World(const DatagramClientOptions& given = {})
      : options(given), peers(handlers, options, connector, names) {
    handlers.on_receive = [this](std::string_view from, std::string_view bytes) {
      calls.append(from).append(": ").append(bytes).append("\n");
    };
    handlers.on_failed = [this](std::string_view at, std::string_view why) {
      calls.append(at).append(" failed: ").append(why).append("\n");
    };
  }
  std::string next_call() {
    wait_until([this] { return !calls.empty(); });
    return std::exchange(calls, {});
  }
};

// An address of UDP at which nobody listens.
std::string deserted() { return Hearer().name(); }

}  // namespace

TEST_CASE("stream/datagram_peers: what is sent arrives, and the answers are heard") {
  TempDir temp;
  std::string path = "unix:" + (temp / "s");
  for (const std::string& text : {std::string("127.0.0.1:0"), std::string("[::1]:0"), path}) {
    CAPTURE(text);
    World world;
    Hearer hearer(text);
    CHECK(world.peers.send(hearer.name(), "one"));
    CHECK(world.peers.send(hearer.name(), ""));
    CHECK(world.peers.send(hearer.name(), "three"));
    CHECK(world.peers.size() == 1);
    CHECK(hearer.heard() == "[one][][three]");
    hearer.answer("first");
    hearer.answer("");
    CHECK(world.calls.empty());
    world.wait_until([&] { return world.calls == hearer.name() + ": first\n" + hearer.name() + ": \n"; });
    CHECK(world.life.bytes_out.value() == 8);
    CHECK(world.life.bytes_in.value() == 5);
  }
}

TEST_CASE("stream/datagram_peers: nobody else is heard") {
  World world;
  Hearer hearer, stranger;
  CHECK(world.peers.send(hearer.name(), "x"));
  hearer.heard();
  stranger.answer("from a stranger", hearer.sender);
  hearer.answer("y");
  CHECK(world.next_call() == hearer.name() + ": y\n");
}

TEST_CASE("stream/datagram_peers: an unreachable port is told, and later it may be there") {
  World world;
  std::string nobody = deserted();
  CHECK(world.peers.send(nobody, "lost"));
  CHECK(world.calls.empty());
  std::string refused = nobody + " failed: cannot send to " + nobody + ": Connection refused\n";
  CHECK(world.next_call() == refused);
  // Where the next send is the one that meets the error, its datagram is sent all the same.
  CHECK(world.peers.send(nobody, "lost"));
  Hearer hearer(nobody);
  CHECK(world.peers.send(nobody, "found"));
  CHECK(hearer.heard() == "[found]");
  CHECK(world.next_call() == refused);
  hearer.answer("y");
  CHECK(world.next_call() == nobody + ": y\n");
}

TEST_CASE("stream/datagram_peers: a unix path that is not there, and one that is made anew") {
  TempDir temp;
  World world;
  std::string path = "unix:" + (temp / "s");
  CHECK_FALSE(world.peers.send(path, "x"));
  CHECK(world.calls.empty());
  CHECK(world.next_call() == path + " failed: cannot send to " + path + ": No such file or directory\n");
  {
    Hearer hearer(path);
    CHECK(world.peers.send(path, "one"));
    CHECK(hearer.heard() == "[one]");
  }
  ::unlink((temp / "s").c_str());
  Hearer again(path);
  CHECK(world.peers.send(path, "two"));
  CHECK(again.heard() == "[two]");
  CHECK(world.next_call() == path + " failed: cannot send to " + path + ": Connection refused\n");
}

TEST_CASE("stream/datagram_peers: what is no address, and what is no datagram") {
  World world;
  CHECK_FALSE(world.peers.send("nonsense", "x"));
  CHECK(world.next_call().starts_with("nonsense failed: bad address \"nonsense\": the port is missing"));
  CHECK(world.peers.size() == 0);
  Hearer hearer;
  CHECK_FALSE(world.peers.send(hearer.name(), std::string(65'508, 'x')));
  CHECK(world.peers.send(hearer.name(), std::string(65'507, 'x')));
  CHECK(hearer.heard().size() == 65'509);
  hearer.answer(std::string(65'507, 'y'));
  CHECK(world.next_call().size() == hearer.name().size() + 2 + 65'507 + 1);
}

TEST_CASE("stream/datagram_peers: datagrams wait for a name, so many") {
  World world;
  Hearer hearer;
  std::string name = hearer.at("web.test");
  for (int i = 0; i < 64; i++) CHECK(world.peers.send(name, std::to_string(i % 10)));
  CHECK_FALSE(world.peers.send(name, "one too many"));
  CHECK_FALSE(world.peers.send(name, std::string(65'508, 'x')));
  REQUIRE(world.names.lookups.size() == 1);
  CHECK(world.names.lookups[0].host == "web.test");
  world.names.answer(FakeNames::Addresses{*sys::numeric_address("127.0.0.1", 0)});
  std::string heard = hearer.heard();
  CHECK(heard.size() == 64 * 3);
  CHECK(heard.starts_with("[0][1][2]"));
  CHECK(world.peers.send(name, "more"));
  CHECK(hearer.heard() == "[more]");
  hearer.answer("y");
  CHECK(world.next_call() == name + ": y\n");
}

TEST_CASE("stream/datagram_peers: when nobody listens at the first address of a name, the next one is used") {
  World world;
  Hearer hearer;
  std::string name = hearer.at("web.test");
  CHECK(world.peers.send(name, "lost"));
  world.names.answer(
      FakeNames::Addresses{*sys::numeric_address("127.0.0.9", 0), *sys::numeric_address("127.0.0.1", 0)});
  CHECK(world.next_call() == name + " failed: cannot send to " + name + " at " + hearer.at("127.0.0.9") +
                                 ": Connection refused\n");
  CHECK(world.peers.send(name, "found"));
  CHECK(hearer.heard() == "[found]");
}

TEST_CASE("stream/datagram_peers: a name that nobody knows, and too many of them") {
  World world;
  CHECK(world.peers.send("web.test:1", "lost"));
  world.names.answer(oklo::Error{0, "there is no host \"web.test\""});
  CHECK(world.calls.empty());
  CHECK(world.next_call() ==
        "web.test:1 failed: cannot send to web.test:1: there is no host \"web.test\"\n");
  CHECK(world.peers.size() == 0);
  world.names.full = true;
  CHECK_FALSE(world.peers.send("web.test:1", "lost"));
  CHECK(world.next_call() ==
        "web.test:1 failed: cannot send to web.test:1: too many names are being looked up\n");
}

TEST_CASE("stream/datagram_peers: what is idle is forgotten, also while its name is looked up") {
  World world({.idle_ms = 30});
  Hearer hearer;
  CHECK(world.peers.send(hearer.name(), "x"));
  world.wait_until([&] { return world.peers.size() == 0; });
  CHECK(world.calls.empty());
  CHECK(world.peers.send("web.test:1", "x"));
  CHECK(world.next_call() ==
        "web.test:1 failed: cannot send to web.test:1: its name was not looked up in time\n");
  CHECK(world.names.lookups.empty());
  CHECK(world.peers.size() == 0);
}

TEST_CASE("stream/datagram_peers: a closed one is heard no more") {
  World world;
  Hearer hearer;
  CHECK_FALSE(world.peers.close(hearer.name()));
  CHECK(world.peers.send(hearer.name(), "x"));
  hearer.heard();
  hearer.answer("y");
  CHECK(world.peers.close(hearer.name()));
  CHECK(world.peers.send("web.test:1", "x"));
  CHECK(world.peers.close("web.test:1"));
  CHECK(world.names.lookups.empty());
  CHECK_FALSE(world.peers.send("nonsense", "x"));
  CHECK_FALSE(world.peers.close("nonsense"));
  for (int i = 0; i < 3; i++) world.turn();
  CHECK(world.calls.empty());
  CHECK(world.peers.size() == 0);
}

TEST_CASE("stream/datagram_peers: a handler may close and send") {
  World world;
  Hearer hearer;
  world.handlers.on_receive = [&](std::string_view from, std::string_view bytes) {
    world.calls.append(bytes).append(" ");
    world.peers.close(from);
    if (bytes == "1") world.peers.send(from, "again");
  };
  CHECK(world.peers.send(hearer.name(), "x"));
  hearer.heard();
  hearer.answer("1");
  hearer.answer("2");
  CHECK(world.next_call() == "1 ");
  CHECK(hearer.heard() == "[again]");
  hearer.answer("3");
  CHECK(world.next_call() == "3 ");
  CHECK(world.peers.size() == 0);
}

TEST_CASE("stream/datagram_peers: one address more takes the place of the one that is idle longest") {
  World world({.addresses = 2});
  Hearer first, second, third;
  CHECK(world.peers.send(first.name(), "1"));
  uint64_t before = world.reactor->clock().now_ms;
  world.turn_until([&] { return world.reactor->clock().now_ms > before; });
  CHECK(world.peers.send(second.name(), "2"));
  CHECK(world.peers.send(third.name(), "3"));
  CHECK(world.peers.size() == 2);
  CHECK_FALSE(world.peers.close(first.name()));
  CHECK(third.heard() == "[3]");
}

TEST_CASE("stream/datagram_peers: a flood does not hold up the turn") {
  World world;
  Hearer hearer;
  CHECK(world.peers.send(hearer.name(), "x"));
  hearer.heard();
  for (int i = 0; i < 100; i++) hearer.answer("y");
  size_t one = hearer.name().size() + 4;
  world.reactor->run_once();
  CHECK(world.calls.size() == 32 * one);
  world.wait_until([&] { return world.calls.size() == 100 * one; });
}

TEST_CASE("stream/datagram_peers: from on_failed it may be sent again, and elsewhere") {
  World world;
  std::string nobody = deserted();
  Hearer hearer;
  world.handlers.on_failed = [&](std::string_view at, std::string_view) {
    world.calls += "failed ";
    world.peers.close(at);
    CHECK(world.peers.send(hearer.name(), "there"));
  };
  CHECK(world.peers.send(nobody, "x"));
  CHECK(world.next_call() == "failed ");
  CHECK(hearer.heard() == "[there]");
  CHECK(world.peers.size() == 1);
}
