#include "stream/datagram_service.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sys/socket.h"
#include "temp_dir.h"

using oklo::Datagram;
using oklo::DatagramHandlers;
using oklo::DatagramOptions;
using oklo::DatagramSocket;
namespace sys = oklo::sys;

namespace {

sys::Fd bound(const std::string& address, bool reuse_port = false) {
  return sys::listen_on(*sys::Address::parse(address), {.reuse_port = reuse_port, .datagram = true}).value();
}

// A service of datagrams at one address, as in a worker.
struct World {
  DatagramHandlers handlers;
  sys::Fd fd;
  sys::Address address;
  oklo::LifeRow life = {};
  std::unique_ptr<oklo::Reactor> reactor = oklo::Reactor::create(1024).value();
  oklo::stream::DatagramService service;
  DatagramSocket socket;

  explicit World(DatagramHandlers h, const std::string& where = "127.0.0.1:0",
                 const DatagramOptions& options = {})
      : handlers(std::move(h)),
        fd(bound(where)),
        address(*sys::local_address(fd.get())),
        service(handlers, options, 2, 3),
        socket(*reactor, life, fd.get(), service.reader(), service) {
    REQUIRE(socket.start(false).ok());
  }
  void turn_until(uint64_t packets) {
    while (life.requests.value() < packets) reactor->run_once();
  }
};

// Who sends to it.
struct Sender {
  sys::Fd fd;

  explicit Sender(const World& world, const std::string& name = {})
      : fd(name.empty() ? sys::Fd(socket(world.address.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0))
                        : bound(name)) {
    REQUIRE(connect(fd.get(), world.address.data(), world.address.size()) == 0);
  }
  void send(std::string_view bytes) const {
    REQUIRE(::send(fd.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  }
  // The next that comes.
  std::string receive() const {
    std::string text(70'000, '\0');
    pollfd entry = {fd.get(), POLLIN, 0};
    REQUIRE(poll(&entry, 1, 10'000) == 1);
    ssize_t n = recv(fd.get(), text.data(), text.size(), 0);
    REQUIRE(n >= 0);
    text.resize(static_cast<size_t>(n));
    return text;
  }
  bool nothing_there() const {
    char byte;
    return recv(fd.get(), &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
  }
  std::string name() const { return sys::local_address(fd.get())->to_string(); }
};

DatagramHandlers echo() {
  return {.on_packet = [](Datagram& packet, std::string_view bytes) { CHECK(packet.reply(bytes)); }};
}

}  // namespace

TEST_CASE("stream/datagram: each packet comes once, whole, and its answer goes to whoever sent it") {
  for (const char* where : {"127.0.0.1:0", "[::1]:0"}) {
    std::vector<std::string> peers;
    DatagramHandlers handlers = echo();
    handlers.on_packet = [&peers](Datagram& packet, std::string_view bytes) {
      peers.push_back(packet.peer());
      CHECK(packet.reply(bytes));
      CHECK_FALSE(packet.truncated());
      CHECK(packet.listener() == 2);
      CHECK(packet.worker() == 3);
    };
    World world(std::move(handlers), where);
    Sender a(world), b(world);
    a.send("from a");
    b.send("from b");
    a.send("");
    a.send(std::string(65'507, 'x'));
    world.turn_until(4);
    CHECK(a.receive() == "from a");
    CHECK(a.receive() == "");
    CHECK(a.receive() == std::string(65'507, 'x'));
    CHECK(b.receive() == "from b");
    CHECK(a.nothing_there());
    CHECK(peers == std::vector<std::string>{a.name(), b.name(), a.name(), a.name()});
    CHECK(world.life.bytes_in.value() == 12 + 65'507);
    CHECK(world.life.bytes_out.value() == 12 + 65'507);
  }
}

TEST_CASE("stream/datagram: many that wait come in batches, and many answers to one leave") {
  World world({.on_packet = [](Datagram& packet, std::string_view bytes) {
    for (int i = 0; i < 3; i++) CHECK(packet.reply(bytes));
  }});
  Sender sender(world);
  for (int i = 0; i < 60; i++) sender.send(std::to_string(i));
  world.turn_until(60);
  for (int i = 0; i < 180; i++) CHECK(sender.receive() == std::to_string(i / 3));
  CHECK(sender.nothing_there());
}

TEST_CASE("stream/datagram: what is longer than asked for is cut and says so") {
  std::string got;
  World world({.on_packet = [&got](Datagram& packet, std::string_view bytes) {
                got.append(bytes).append(packet.truncated() ? "... " : " ");
              }},
              "127.0.0.1:0", {.packet_bytes = 4});
  Sender sender(world);
  for (const char* text : {"abcd", "abcde", "", "abc"}) sender.send(text);
  world.turn_until(4);
  CHECK(got == "abcd abcd...  abc ");
}

TEST_CASE("stream/datagram: too much for a datagram is not sent") {
  World world({.on_packet = [](Datagram& packet, std::string_view) {
    CHECK_FALSE(packet.reply(std::string(65'508, 'x')));
    CHECK(packet.reply("ok"));
  }});
  Sender sender(world);
  sender.send("x");
  world.turn_until(1);
  CHECK(sender.receive() == "ok");
}

TEST_CASE("stream/datagram: a unix socket, whose peers may have no name") {
  TempDir temp;
  std::string peers;
  bool answered = false;
  World world({.on_packet = [&](Datagram& packet, std::string_view bytes) {
                peers += packet.peer() + " ";
                answered = packet.reply(bytes);
              }},
              "unix:" + (temp / "service"));
  Sender nameless(world);
  nameless.send("x");
  world.turn_until(1);
  CHECK_FALSE(answered);
  Sender named(world, "unix:" + (temp / "peer"));
  named.send("hello");
  world.turn_until(2);
  CHECK(answered);
  CHECK(named.receive() == "hello");
  CHECK(peers == "unix unix:" + (temp / "peer") + " ");
}

TEST_CASE("stream/datagram: an answer comes from the address that was asked") {
  World world(echo(), ":0");
  sys::Fd client(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sys::Address asked = *sys::Address::parse("127.0.0.9:" + std::to_string(world.address.port()));
  // A connected socket takes answers from the other end alone.
  REQUIRE(connect(client.get(), asked.data(), asked.size()) == 0);
  REQUIRE(::send(client.get(), "x", 1, 0) == 1);
  world.turn_until(1);
  pollfd entry = {client.get(), POLLIN, 0};
  CHECK(poll(&entry, 1, 10'000) == 1);
}

TEST_CASE("stream/datagram: before a worker stops it takes all that waits") {
  World world(echo());
  Sender sender(world);
  for (int i = 0; i < 100; i++) sender.send(std::to_string(i));
  world.socket.take_waiting();
  CHECK(world.life.requests.value() == 100);
  for (int i = 0; i < 100; i++) CHECK(sender.receive() == std::to_string(i));
}

TEST_CASE("stream/datagram: wrong options have a sentence each") {
  auto fault = [](const DatagramHandlers& handlers, const DatagramOptions& options) {
    const char* text = oklo::stream::DatagramService::fault(handlers, options);
    return std::string(text ? text : "");
  };
  CHECK(fault({}, {}) == "on_packet is missing");
  CHECK(fault(echo(), {}).empty());
  CHECK(fault(echo(), {.packet_bytes = 0}) == "packet_bytes must be at least 1");
  CHECK(fault(echo(), {.packet_bytes = (1 << 20) + 1}) == "packet_bytes must be at most 1048576");
  CHECK(fault(echo(), {.receive_buffer_bytes = 1u << 31}) ==
        "receive_buffer_bytes must be at most 2147483647");
}
