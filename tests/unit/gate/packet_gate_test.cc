#include "gate/packet_gate.h"

#include <sys/socket.h>

#include <cstring>
#include <string>

#include "gate/packet_worker.h"
#include "gate_world.h"
#include "sys/socket.h"

using namespace gate_test;

namespace {

struct PacketWorld : World {
  PacketWorld() {
    handlers.on_packet = [](Datagram& datagram, std::string_view bytes) {
      CHECK(datagram.reply("<" + std::string(bytes)));
    };
    port = std::make_unique<PacketGate>(options, *reactor, scoreboard.life(0), gate->deliveries, 0);
    gate->ports = {port.get()};
    intake = port->take_from(fd.get(), false, *port).value();
    sys::Address address = *sys::local_address(fd.get());
    REQUIRE(::connect(client.get(), address.data(), address.size()) == 0);
    start_all();
  }
  ~PacketWorld() override {
    intake.reset();
    end();
    port.reset();
  }
  void make_ports(Worker& worker) override {
    worker.ports.push_back(std::make_unique<PacketWorker>(handlers, worker.context, worker.end));
  }
  void send(std::string_view bytes) const {
    REQUIRE(::send(client.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  }
  std::string receive() {
    std::string text(70'000, '\0');
    ssize_t size = -1;
    for (int i = 0; i < 10 && size < 0; i++) {
      turn();
      size = ::recv(client.get(), text.data(), text.size(), 0);
    }
    text.resize(size < 0 ? 0 : static_cast<size_t>(size));
    return text;
  }
  uint64_t dropped() const { return scoreboard.life(0).packets_dropped.value(); }

  sys::Fd fd = sys::listen_on(*sys::Address::parse("127.0.0.1:0"), {.datagram = true}).value();
  sys::Fd client = sys::Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  DatagramOptions options;
  DatagramHandlers handlers;
  std::unique_ptr<PacketGate> port;
  std::unique_ptr<Intake> intake;
};

}  // namespace

TEST_CASE("gate/packets: each is answered, empty and large ones too") {
  PacketWorld world;
  std::string large(60'000, 'x');
  for (const std::string& text : {std::string("one"), std::string(), large, std::string("two")}) {
    world.send(text);
    CHECK((world.receive() == "<" + text));
  }
  CHECK(world.dropped() == 0);
}

TEST_CASE("gate/packets: what no worker takes is dropped and counted, and no memory grows") {
  PacketWorld world;
  world.worker().end.read(false);
  std::string text(50'000, 'x');
  for (int i = 0; i < 200; i++) {
    world.send(text);
    world.turn();
  }
  CHECK(world.dropped() > 100);
  CHECK(world.gate->crew.wire(0).waiting_bytes() < 4 * text.size());
  world.worker().end.read(true);
  while (!world.receive().empty()) {
  }
  world.send("next");
  CHECK(world.receive() == "<next");
}

TEST_CASE("gate/packets: an answer that no worker gives is refused") {
  PacketWorld world;
  auto refused = [&](Said type, std::string_view bytes) {
    int before = world.gate->broken;
    world.worker().end.say(0, type, {}, 0, 0, bytes);
    world.turns(8);
    return world.gate->broken == before + 1;
  };
  PacketHead head = {};
  auto bytes_of = [&head](std::string_view more) {
    return std::string(reinterpret_cast<const char*>(&head), sizeof head) + std::string(more);
  };
  CHECK(refused(Said::send, "x"));
  CHECK(refused(Said::packet_reply, "short"));
  CHECK(refused(Said::packet_reply, bytes_of("to nobody")));
  head.peer = *sys::local_address(world.client.get());
  CHECK(refused(Said::packet_reply, bytes_of(std::string(100'000, 'x'))));
  CHECK_FALSE(refused(Said::packet_reply, bytes_of("fine")));
  CHECK(world.receive() == "fine");
  head.source.size = 1000;
  CHECK(refused(Said::packet_reply, bytes_of("x")));
  head.source.size = 0;
  std::memset(static_cast<void*>(&head.peer), 0x7f, sizeof head.peer);
  CHECK(refused(Said::packet_reply, bytes_of("x")));
}
