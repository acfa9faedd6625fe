#include <doctest/doctest.h>

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <utility>

#include "faulty_kernel.h"
#include "net/datagram_socket.h"
#include "sys/socket.h"
#include "temp_dir.h"

using oklo::DatagramSocket;
namespace sys = oklo::sys;
namespace faults = oklo::faults;

namespace {

struct Echo final : oklo::DatagramReceiver {
  void on_packet(DatagramSocket& socket, size_t index) override {
    CHECK(socket.reply(index, socket.reader().bytes(index)));
  }
};

struct World {
  sys::Fd fd = sys::listen_on(*sys::Address::parse("127.0.0.1:0"), {.datagram = true}).value();
  sys::Fd client = sys::Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  oklo::LifeRow life = {};
  std::unique_ptr<oklo::Reactor> reactor = oklo::Reactor::create(1024).value();
  sys::PacketReader reader{2048};
  Echo echo;
  DatagramSocket socket{*reactor, life, fd.get(), reader, echo};

  World() {
    sys::Address address = *sys::local_address(fd.get());
    REQUIRE(::connect(client.get(), address.data(), address.size()) == 0);
    REQUIRE(socket.start(false).ok());
  }
  void send(int count) const {
    for (int i = 0; i < count; i++) {
      std::string text = std::to_string(i);
      REQUIRE(::send(client.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    }
  }
  void turn_until(uint64_t packets) {
    while (life.requests.value() < packets) reactor->run_once();
  }
  // All the answers that are there; over the loopback they are there at once.
  std::string answers() const {
    std::string all;
    char room[64];
    for (ssize_t n; (n = ::recv(client.get(), room, sizeof room, 0)) >= 0;)
      all.append(room, static_cast<size_t>(n)).append(" ");
    return all;
  }
};

}  // namespace

TEST_CASE("net/datagram: a kernel that takes no batches takes one at a time") {
  for (const char* call : {"recvmmsg", "sendmmsg"}) {
    World world;
    faults::Scope scope;
    faults::fail_always(call, ENOSYS);
    world.send(5);
    world.turn_until(5);
    CHECK(world.answers() == "0 1 2 3 4 ");
  }
}

TEST_CASE("net/datagram: an error that was told once loses nothing") {
  World world;
  faults::Scope scope;
  faults::fail("recvmmsg", 1, ECONNREFUSED);
  faults::fail("recvmmsg", 2, EINTR);
  world.send(3);
  world.turn_until(3);
  CHECK(faults::all_happened());
  CHECK(world.answers() == "0 1 2 ");
}

TEST_CASE("net/datagram: an answer that can't be sent is lost, those behind it are not") {
  World world;
  faults::Scope scope;
  faults::fail("sendmmsg", 1, EPERM);
  world.send(3);
  world.turn_until(3);
  CHECK(world.answers() == "1 2 ");
}

TEST_CASE("net/datagram: without room in the socket the whole batch is lost, and the next one is not") {
  World world;
  faults::Scope scope;
  faults::fail("sendmmsg", 1, EAGAIN);
  world.send(3);
  world.turn_until(3);
  CHECK(world.answers().empty());
  world.send(2);
  world.turn_until(5);
  CHECK(world.answers() == "0 1 ");
}

TEST_CASE("net/datagram: one unix peer whose queue is full holds up no other") {
  TempDir temp;
  auto bound = [&temp](const char* name) {
    return sys::listen_on(*sys::Address::parse("unix:" + (temp / name)), {.datagram = true}).value();
  };
  sys::Fd service = bound("service"), deaf = bound("deaf"), good = bound("good");
  sys::Address to = *sys::local_address(service.get());
  for (const sys::Fd* from : {&deaf, &good})
    REQUIRE(::sendto(from->get(), "x", 1, 0, to.data(), to.size()) == 1);
  World world;
  DatagramSocket socket(*world.reactor, world.life, service.get(), world.reader, world.echo);
  faults::Scope scope;
  faults::fail("sendmmsg", 1, EAGAIN);
  socket.take_waiting();
  char byte;
  CHECK(::recv(deaf.get(), &byte, 1, 0) == -1);
  CHECK(::recv(good.get(), &byte, 1, 0) == 1);
}

TEST_CASE("net/datagram: a socket that can't be watched is an error") {
  World world;
  world.socket.~DatagramSocket();
  new (&world.socket) DatagramSocket(*world.reactor, world.life, world.fd.get(), world.reader, world.echo);
  faults::Scope scope;
  faults::fail("epoll_ctl", 1, ENOMEM);
  CHECK_FALSE(world.socket.start(false).ok());
}
