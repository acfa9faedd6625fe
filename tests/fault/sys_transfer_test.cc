#include <doctest/doctest.h>

#include <errno.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>

#include "child.h"
#include "faulty_kernel.h"
#include "sys/epoll.h"
#include "sys/event_fd.h"
#include "sys/file.h"
#include "sys/memory.h"
#include "sys/process.h"
#include "sys/socket.h"
#include "sys/socket_pair.h"
#include "sys/stderr.h"
#include "temp_dir.h"

namespace sys = oklo::sys;
namespace faults = oklo::faults;

namespace {

std::string numbered(size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; i++) text += std::to_string(i) + "\n";
  return text;
}

void wait_for(int fd, short events) {
  pollfd entry = {fd, events, 0};
  poll(&entry, 1, 10'000);
}

struct Pair {
  sys::Fd listener, client, server;

  explicit Pair(const std::string& address) {
    listener = std::move(*sys::listen_on(*sys::Address::parse(address), {}));
    client = std::move(*sys::connect_to(*sys::local_address(listener.get())));
    wait_for(listener.get(), POLLIN);
    sys::Address peer;
    long fd = -1;
    while (fd < 0) fd = sys::accept_connection(listener.get(), peer);
    server.reset(static_cast<int>(fd));
  }
};

// All that the server receives until the end of the stream.
std::string receive_all(const Pair& pair) {
  std::string all;
  char room[1000];
  for (;;) {
    long size = sys::receive(pair.server.get(), room, sizeof room);
    if (size == 0) return all;
    if (size > 0) all.append(room, static_cast<size_t>(size));
    else if (sys::try_later(size)) wait_for(pair.server.get(), POLLIN);
    else return "error " + std::to_string(-size);
  }
}

}  // namespace

TEST_CASE("fault/transfer: files are read whole through short reads") {
  TempDir temp;
  std::string text = numbered(20'000);
  temp.file("f", text);
  for (uint64_t seed = 0; seed < 50; seed++) {
    faults::Scope scope;
    faults::shorten(seed);
    auto content = sys::read_file(temp / "f", 100'000);
    REQUIRE(content.ok());
    CHECK(*content == text);
  }
}

TEST_CASE("fault/transfer: a stream arrives whole through short writes and reads, EINTR and EAGAIN") {
  std::string text = numbered(30'000);
  for (uint64_t seed = 0; seed < 30; seed++) {
    faults::Scope scope;
    faults::shorten(seed);
    Pair pair("127.0.0.1:0");
    size_t at = 0;
    for (int turn = 0; at < text.size(); turn++) {
      size_t size = std::min<size_t>(3000, text.size() - at);
      const iovec parts[] = {{text.data() + at, size / 2}, {text.data() + at + size / 2, size - size / 2}};
      long sent = turn % 2 ? sys::send_bytes(pair.client.get(), text.data() + at, size)
                           : sys::send_parts(pair.client.get(), parts, 2, true);
      if (sys::try_later(sent)) continue;
      REQUIRE(sent > 0);
      at += static_cast<size_t>(sent);
    }
    sys::shutdown_write(pair.client.get());
    CHECK(receive_all(pair) == text);
  }
}

TEST_CASE("fault/transfer: send_file goes on where the last call ended") {
  TempDir temp;
  std::string text = numbered(20'000);
  temp.file("f", text);
  auto root = sys::open_directory(temp.path());
  for (uint64_t seed = 0; seed < 30; seed++) {
    faults::Scope scope;
    faults::shorten(seed);
    Pair pair("127.0.0.1:0");
    sys::Fd file;
    REQUIRE(sys::open_beneath(root->get(), "f", file) == 0);
    uint64_t offset = 0;
    while (offset < text.size()) REQUIRE(sys::send_file(pair.client.get(), file.get(), offset, 5000) > 0);
    sys::shutdown_write(pair.client.get());
    CHECK(receive_all(pair) == text);
  }
}

TEST_CASE("fault/transfer: messages of a socket pair stay whole, with their fds") {
  for (uint64_t seed = 0; seed < 30; seed++) {
    faults::Scope scope;
    faults::shorten(seed);
    auto pair = sys::SocketPair::create();
    REQUIRE(pair.ok());
    for (int i = 0; i < 20; i++) {
      std::string message = numbered(static_cast<size_t>(1 + i * 10));
      long sent = -EAGAIN, received = -EAGAIN;
      int with = i % 2 ? STDERR_FILENO : -1;
      while (sent == -EAGAIN) sent = sys::send_message(pair->first.get(), message, with);
      CHECK(sent == static_cast<long>(message.size()));
      char room[1000];
      sys::Fd passed;
      while (received == -EAGAIN) received = sys::receive_message(pair->second.get(), room, passed);
      CHECK(std::string_view(room, static_cast<size_t>(received)) == message);
      CHECK(static_cast<bool>(passed) == (i % 2 == 1));
    }
  }
}

TEST_CASE("fault/transfer: print writes all through short writes") {
  std::string text = numbered(20'000);
  for (uint64_t seed = 0; seed < 30; seed++) {
    TempDir temp;
    sys::Fd file(open((temp / "f").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    {
      faults::Scope scope;
      faults::shorten(seed);
      sys::print(file.get(), text);
    }
    CHECK(*sys::read_file(temp / "f", 100'000) == text);
  }
}

TEST_CASE("fault/transfer: write_without_waiting says how much was written, also before an error") {
  TempDir temp;
  sys::Fd file(open((temp / "f").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  std::string text = numbered(20'000);
  faults::Scope scope;
  faults::fail("write", 2, ENOSPC);
  long size = sys::write_without_waiting(file.get(), text);
  CHECK(size > 0);
  CHECK(size <= 4096);
  CHECK(text[static_cast<size_t>(size) - 1] == '\n');
  faults::fail("write", 1, ENOSPC);
  CHECK(sys::write_without_waiting(file.get(), text) == -ENOSPC);
  faults::fail("write", 1, EAGAIN);
  CHECK(sys::write_without_waiting(file.get(), text) == 0);
}

TEST_CASE("fault/transfer: doorbells and epoll live with signals") {
  auto epoll = sys::Epoll::create();
  auto event = sys::EventFd::create();
  REQUIRE(epoll.ok());
  REQUIRE(event.ok());
  REQUIRE(epoll->add(event->fd(), sys::kReadable, 1) == 0);
  std::array<epoll_event, 4> events;
  faults::Scope scope;
  faults::fail("write", 1, EINTR);
  event->ring();
  faults::fail("epoll_wait", 1, EINTR);
  CHECK(epoll->wait(events, -1) == -EINTR);
  CHECK(epoll->wait(events, -1) == 1);
  faults::fail("read", 1, EINTR);
  event->clear();
  CHECK(epoll->wait(events, 0) == 0);
  faults::fail("epoll_ctl", 1, ENOSPC);
  CHECK(epoll->modify(event->fd(), sys::kReadable, 1) == -ENOSPC);
}

TEST_CASE("fault/transfer: a child event is not lost to a signal") {
  auto pid = sys::fork_process();
  REQUIRE(pid.ok());
  if (*pid == 0) sys::exit_now(3);
  siginfo_t info = {};
  REQUIRE(waitid(P_PID, static_cast<id_t>(*pid), &info, WEXITED | WNOWAIT) == 0);
  faults::Scope scope;
  faults::fail("waitid", 1, EINTR);
  auto event = sys::next_child_event();
  REQUIRE(event.has_value());
  CHECK(event->status == 3);
}

TEST_CASE("fault/transfer: accept tells its error, and the connection waits on") {
  sys::Fd listener = std::move(*sys::listen_on(*sys::Address::parse("127.0.0.1:0"), {}));
  sys::Fd client = std::move(*sys::connect_to(*sys::local_address(listener.get())));
  wait_for(listener.get(), POLLIN);
  faults::Scope scope;
  sys::Address peer;
  for (int number : {ECONNABORTED, EMFILE, ENFILE, ENOBUFS}) {
    faults::fail("accept4", 1, number);
    CHECK(sys::accept_connection(listener.get(), peer) == -number);
  }
  CHECK(peer == sys::Address());
  faults::fail("accept4", 1, EINTR);
  sys::Fd server(static_cast<int>(sys::accept_connection(listener.get(), peer)));
  CHECK(server);
  CHECK(peer == *sys::local_address(client.get()));
}

TEST_CASE("fault/transfer: a kernel without IPv6 listens on all IPv4 addresses") {
  faults::Scope scope;
  faults::fail("socket", 1, EAFNOSUPPORT);
  auto first = sys::listen_first(*sys::Address::parse(":0"), {});
  REQUIRE(first.ok());
  sys::Address address = *sys::local_address(first->get());
  CHECK(address.family() == AF_INET);
  faults::fail("socket", 1, EAFNOSUPPORT);
  sys::ListenOptions join;
  join.reuse_port = true;
  CHECK(sys::listen_on(*sys::Address::parse(":" + std::to_string(address.port())), join).ok());
  faults::fail("socket", 1, EAFNOSUPPORT);
  CHECK(sys::listen_on(*sys::Address::parse("[::1]:0"), {}).error().number == EAFNOSUPPORT);
}

TEST_CASE("fault/transfer: a left-over unix path that cannot be removed is the error") {
  TempDir temp;
  auto address = *sys::Address::parse("unix:" + (temp / "s"));
  { auto dead = sys::listen_on(address, {}); }
  faults::Scope scope;
  faults::fail("unlink", 1, EROFS);
  CHECK(sys::listen_on(address, {}).error().number == EROFS);
  CHECK(sys::listen_on(address, {}).ok());
}

TEST_CASE("fault/transfer: memory that is not there") {
  faults::Scope scope;
  faults::fail("mmap", 1, ENOMEM);
  CHECK(sys::Memory::allocate(12345).error().text ==
        "cannot allocate 12345 bytes of memory: Cannot allocate memory");
}
