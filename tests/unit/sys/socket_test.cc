#include "sys/socket.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <string>

#include "emulated.h"
#include "sys/file.h"
#include "temp_dir.h"

namespace sys = oklo::sys;
using sys::Address;
using sys::Fd;

namespace {

Fd fd_of(oklo::Result<Fd> result) {
  REQUIRE_MESSAGE(result.ok(), result.error().text);
  return std::move(*result);
}

Address address_of(const Fd& fd) { return *sys::local_address(fd.get()); }

Address parsed(const std::string& text) { return *Address::parse(text); }

Fd listen_any() { return fd_of(sys::listen_on(parsed("127.0.0.1:0"), {})); }

// Waits until a listener has a connection: one in the queue is not always there when connect returns.
long accept_soon(const Fd& listener, Address& peer) {
  pollfd entry = {listener.get(), POLLIN, 0};
  poll(&entry, 1, 10'000);
  return sys::accept_connection(listener.get(), peer);
}

// Two connected TCP sockets; the server's is non-blocking.
struct Pair {
  Fd client, server;
  Address peer;

  Pair() {
    Fd listener = listen_any();
    client = fd_of(sys::connect_to(address_of(listener)));
    server.reset(static_cast<int>(accept_soon(listener, peer)));
    REQUIRE(server);
  }
  void wait_readable() const {
    pollfd entry = {server.get(), POLLIN, 0};
    poll(&entry, 1, 10'000);
  }
};

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  getsockopt(fd, level, name, &value, &length);
  return value;
}

}  // namespace

TEST_CASE("sys/socket: an address in use is an error that names it") {
  Fd first = fd_of(sys::listen_first(parsed("127.0.0.1:0"), {}));
  Address address = address_of(first);
  CHECK(address.port() != 0);
  auto again = sys::listen_first(address, {});
  REQUIRE(!again.ok());
  CHECK(again.error().number == EADDRINUSE);
  CHECK(again.error().text == "cannot listen on " + address.to_string() + ": Address already in use");
  CHECK(sys::listen_on(address, {}).error().number == EADDRINUSE);
}

TEST_CASE("sys/socket: others join the first, and each gets connections") {
  Fd first = fd_of(sys::listen_first(parsed("127.0.0.1:0"), {}));
  Address address = address_of(first);
  sys::ListenOptions join;
  join.reuse_port = true;
  Fd second = fd_of(sys::listen_on(address, join));
  Fd third = fd_of(sys::listen_on(address, join));
  CHECK(sys::listen_first(address, {}).error().number == EADDRINUSE);
  const Fd* listeners[] = {&first, &second, &third};
  int counts[3] = {};
  for (int i = 0; i < 200; i++) {
    Fd client = fd_of(sys::connect_to(address));
    pollfd entries[3];
    for (int k = 0; k < 3; k++) entries[k] = {listeners[k]->get(), POLLIN, 0};
    REQUIRE(poll(entries, 3, 10'000) == 1);
    for (int k = 0; k < 3; k++) {
      Address peer;
      if (!entries[k].revents) continue;
      Fd server(static_cast<int>(sys::accept_connection(entries[k].fd, peer)));
      if (server) counts[k]++;
    }
  }
  CHECK(counts[0] + counts[1] + counts[2] == 200);
  for (int count : counts) CHECK(count > 0);
}

TEST_CASE("sys/socket: a listener has the options it was asked for") {
  sys::ListenOptions options;
  options.defer_accept = true;
  Fd fd = fd_of(sys::listen_on(parsed("127.0.0.1:0"), options));
  CHECK((fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(option(fd.get(), SOL_SOCKET, SO_REUSEADDR) == 1);
  CHECK(option(fd.get(), SOL_SOCKET, SO_REUSEPORT) == 0);
  CHECK(option(fd.get(), SOL_SOCKET, SO_ACCEPTCONN) == 1);
  CHECK(option(fd.get(), IPPROTO_TCP, TCP_NODELAY) == 1);
  CHECK(option(fd.get(), IPPROTO_TCP, TCP_DEFER_ACCEPT) >= 1);
  Fd plain = listen_any();
  CHECK(option(plain.get(), IPPROTO_TCP, TCP_DEFER_ACCEPT) == 0);
}

TEST_CASE("sys/socket: all addresses take IPv4 peers, which have their IPv4 form") {
  Fd listener = fd_of(sys::listen_first(parsed(":0"), {}));
  Address address = parsed("127.0.0.1:0");
  address.set_port(address_of(listener).port());
  Fd client = fd_of(sys::connect_to(address));
  Address peer;
  Fd server(static_cast<int>(accept_soon(listener, peer)));
  REQUIRE(server);
  CHECK(peer == address_of(client));
  CHECK(peer.family() == AF_INET);
  CHECK(peer.is_loopback());
  CHECK((fcntl(server.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((fcntl(server.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(option(server.get(), IPPROTO_TCP, TCP_NODELAY) == 1);
}

TEST_CASE("sys/socket: nothing to accept is EAGAIN") {
  Fd listener = listen_any();
  Address peer;
  CHECK(sys::accept_connection(listener.get(), peer) == -EAGAIN);
}

TEST_CASE("sys/socket: accept_queue counts what waits and tells how many may") {
  if (emulated()) return;
  Fd listener = listen_any();
  CHECK(sys::accept_queue(listener.get()).length == 0);
  CHECK(sys::accept_queue(listener.get()).limit > 1);
  Fd one = fd_of(sys::connect_to(address_of(listener)));
  Fd two = fd_of(sys::connect_to(address_of(listener)));
  pollfd entry = {listener.get(), POLLIN, 0};
  REQUIRE(poll(&entry, 1, 10'000) == 1);
  CHECK(sys::accept_queue(listener.get()).length > 0);
  CHECK(sys::accept_queue(-1).limit == 0);
}

TEST_CASE("sys/socket: connecting where no one listens is an error that names the address") {
  Address address;
  { address = address_of(listen_any()); }
  auto result = sys::connect_to(address);
  REQUIRE(!result.ok());
  CHECK(result.error().number == ECONNREFUSED);
  CHECK(result.error().text == "cannot connect to " + address.to_string() + ": Connection refused");
}

TEST_CASE("sys/socket: bytes, parts and files arrive in order") {
  TempDir temp;
  temp.file("f", "0123456789");
  auto root = sys::open_directory(temp.path());
  Fd file;
  REQUIRE(sys::open_beneath(root->get(), "f", file) >= 0);
  Pair pair;
  CHECK(sys::receive(pair.server.get(), nullptr, 0) <= 0);
  char room[64];
  CHECK(sys::receive(pair.server.get(), room, sizeof room) == -EAGAIN);
  CHECK(sys::send_bytes(pair.client.get(), "head ", 5) == 5);
  const iovec parts[] = {{const_cast<char*>("one "), 4}, {const_cast<char*>("two "), 4}};
  CHECK(sys::send_parts(pair.client.get(), parts, 2, true) == 8);
  uint64_t offset = 7;
  CHECK(sys::send_file(pair.client.get(), file.get(), offset, 100) == 3);
  CHECK(offset == 10);
  CHECK(sys::send_file(pair.client.get(), file.get(), offset, 100) == 0);
  sys::shutdown_write(pair.client.get());
  std::string all;
  for (long size = 1; size > 0;) {
    pair.wait_readable();
    size = sys::receive(pair.server.get(), room, sizeof room);
    REQUIRE(size >= 0);
    all.append(room, static_cast<size_t>(size));
  }
  CHECK(all == "head one two 789");
}

TEST_CASE("sys/socket: writing to a peer that is gone is an errno and no signal") {
  Pair pair;
  sys::reset_on_close(pair.client.get());
  pair.client.reset();
  pair.wait_readable();
  char room[4];
  CHECK(sys::receive(pair.server.get(), room, sizeof room) == -ECONNRESET);
  CHECK(sys::send_bytes(pair.server.get(), "x", 1) == -EPIPE);
  const iovec part = {room, 1};
  CHECK(sys::send_parts(pair.server.get(), &part, 1, false) == -EPIPE);
}

TEST_CASE("sys/socket: what was not read is dropped without waiting, and what comes later is there") {
  Pair pair;
  std::string sent(10'000, 'x');
  REQUIRE(sys::send_bytes(pair.client.get(), sent.data(), sent.size()) == 10'000);
  pair.wait_readable();
  sys::discard_received(pair.server.get());
  sys::discard_received(pair.server.get());
  REQUIRE(sys::send_bytes(pair.client.get(), "!", 1) == 1);
  char c = 0;
  while (c != '!') {
    pair.wait_readable();
    REQUIRE(sys::receive(pair.server.get(), &c, 1) == 1);
  }
}

TEST_CASE("sys/socket: a full socket is EAGAIN, more parts than the kernel takes are not an error") {
  Pair pair;
  std::string block(1 << 16, 'x');
  long size = 0;
  while (size >= 0) size = sys::send_bytes(pair.server.get(), block.data(), block.size());
  CHECK(size == -EAGAIN);
  Pair fresh;
  std::string parts_text(3000, 'p');
  std::vector<iovec> parts;
  for (char& c : parts_text) parts.push_back({&c, 1});
  CHECK(sys::send_parts(fresh.server.get(), parts.data(), parts.size(), false) == 1024);
}

TEST_CASE("sys/socket: unix: in use is an error, left over is replaced, other files stay") {
  TempDir temp;
  Address address = parsed("unix:" + (temp / "s"));
  Fd first = fd_of(sys::listen_first(address, {}));
  CHECK(address_of(first) == address);
  CHECK(sys::listen_on(address, {}).error().number == EADDRINUSE);
  Fd client = fd_of(sys::connect_to(address));
  Address peer;
  Fd server(static_cast<int>(accept_soon(first, peer)));
  REQUIRE(server);
  CHECK(peer.is_unix());
  CHECK(*sys::peer_uid(server.get()) == geteuid());
  first.reset();
  Fd second = fd_of(sys::listen_on(address, {}));
  CHECK(fd_of(sys::connect_to(address)));
  temp.file("file", "keep");
  CHECK(sys::listen_on(parsed("unix:" + (temp / "file")), {}).error().number == EADDRINUSE);
  CHECK(*sys::read_file(temp / "file", 10) == "keep");
  CHECK(sys::listen_on(parsed("unix:" + (temp / "no/s")), {}).error().number == ENOENT);
}

TEST_CASE("sys/socket: unix: a listener whose queue is full is in use") {
  TempDir temp;
  Address address = parsed("unix:" + (temp / "s"));
  sys::ListenOptions options;
  options.backlog = 0;
  Fd first = fd_of(sys::listen_on(address, options));
  Fd client = fd_of(sys::connect_to(address));
  CHECK(sys::listen_on(address, {}).error().number == EADDRINUSE);
}

TEST_CASE("sys/socket: what is no socket has no address and no peer") {
  CHECK(sys::local_address(-1).error().number == EBADF);
  CHECK(sys::peer_uid(-1).error().number == EBADF);
}
