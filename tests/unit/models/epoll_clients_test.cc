#include "models/epoll_clients.h"

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

#include "sys/socket_pair.h"

using namespace oklo;
using models::EpollClients;

namespace {

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

struct World {
  sys::Epoll epoll = std::move(*sys::Epoll::create());
  EpollClients clients{epoll, 3};

  // The other end of a connection that is there now.
  sys::Fd connect() {
    sys::SocketPair pair = std::move(*sys::SocketPair::create(sys::PairKind::stream));
    clients.add(std::move(pair.first));
    return std::move(pair.second);
  }
  void turn() {
    std::array<epoll_event, 8> events;
    long count = epoll.wait(events, 0);
    for (long i = 0; i < count; i++) clients.on_event(static_cast<int>(events[i].data.u64));
  }
};

void say(const sys::Fd& fd, std::string_view bytes) {
  REQUIRE(write(fd.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
}

// What has come; "(end)" when nothing more will.
std::string hear(const sys::Fd& fd) {
  char bytes[65536];
  ssize_t size = recv(fd.get(), bytes, sizeof bytes, MSG_DONTWAIT);
  return size == 0 ? "(end)" : std::string(bytes, size > 0 ? static_cast<size_t>(size) : 0);
}

}  // namespace

TEST_CASE("models/epoll_clients: each gets its own answers, and who goes is forgotten") {
  World world;
  sys::Fd one = world.connect();
  sys::Fd two = world.connect();
  say(two, kGet);
  world.turn();
  CHECK(hear(one).empty());
  CHECK(hear(two).ends_with("hello\n"));
  two.reset();
  world.turn();
  CHECK(world.clients.count() == 1);
  CHECK(world.clients.served() == 2);
  say(one, "nonsense\r\n\r\n");
  world.turn();
  CHECK(hear(one).starts_with("HTTP/1.1 400 "));
  CHECK(hear(one) == "(end)");
  CHECK(world.clients.count() == 0);
}

TEST_CASE("models/epoll_clients: who does not read is waited for, and the others are served") {
  World world;
  sys::Fd slow = world.connect();
  sys::Fd quick = world.connect();
  std::string many;
  for (int i = 0; i < 100; i++) many += kGet;
  while (send(slow.get(), many.data(), many.size(), MSG_DONTWAIT) > 0) world.turn();
  world.turn();
  say(quick, kGet);
  world.turn();
  CHECK(hear(quick).ends_with("hello\n"));
  CHECK(world.clients.count() == 2);
  std::string heard = hear(slow);
  while (world.turn(), !heard.empty()) heard = hear(slow);
  say(slow, kGet);
  world.turn();
  CHECK(hear(slow).ends_with("hello\n"));
}

TEST_CASE("models/epoll_clients: one that was put into the epoll instance by another is taken over") {
  World world;
  sys::SocketPair pair = std::move(*sys::SocketPair::create(sys::PairKind::stream));
  int fd = pair.first.get();
  CHECK(!world.clients.has(fd));
  REQUIRE(world.epoll.add(fd, sys::kWritable, static_cast<uint64_t>(fd)) == 0);
  world.clients.adopt(std::move(pair.first));
  CHECK(world.clients.has(fd));
  say(pair.second, kGet);
  world.turn();
  CHECK(hear(pair.second).ends_with("hello\n"));
}

TEST_CASE("models/epoll_clients: at the end who is idle is closed, and the others after their answer") {
  World world;
  sys::Fd idle = world.connect();
  sys::Fd busy = world.connect();
  sys::Fd asking = world.connect();
  say(busy, kGet.substr(0, 7));
  world.turn();
  say(asking, kGet);  // which was not read yet
  world.clients.end_soon();
  CHECK(hear(asking).find("Connection: close\r\n") != std::string::npos);
  CHECK(hear(idle) == "(end)");
  CHECK(world.clients.count() == 1);
  say(busy, kGet.substr(7));
  world.turn();
  CHECK(hear(busy).find("Connection: close\r\n") != std::string::npos);
  CHECK(hear(busy) == "(end)");
  CHECK(world.clients.count() == 0);
}
