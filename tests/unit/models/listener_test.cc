#include "models/listener.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "child.h"
#include "sys/socket.h"

using namespace oklo;
using models::Listener;

namespace {

Listener listen_any(Listener::Kind kind) {
  Result<Listener> listener = Listener::open(*sys::Address::parse("127.0.0.1:0"), kind);
  REQUIRE(listener.ok());
  return std::move(*listener);
}

sys::Fd connected(const Listener& listener) {
  sys::Fd client = std::move(*sys::connect_to(listener.address()));
  pollfd entry = {listener.fd(), POLLIN, 0};
  poll(&entry, 1, 10'000);
  return client;
}

// No number is free from now on, in this process.
void fill() {
  rlimit limit = {64, 64};
  setrlimit(RLIMIT_NOFILE, &limit);
  while (dup(0) >= 0) {}
}

// Whether the other side is closed, with FIN or RST.
bool is_closed(const sys::Fd& client) {
  char c = 0;
  return read(client.get(), &c, 1) <= 0;
}

}  // namespace

TEST_CASE("models/listener: it takes what there is, and nothing else without waiting") {
  Listener listener = listen_any(Listener::Kind::nonblocking);
  CHECK(!listener.take());
  sys::Fd client = connected(listener);
  sys::Fd taken = listener.take();
  REQUIRE(taken);
  char c = 0;
  CHECK(sys::receive(taken.get(), &c, 1) == -EAGAIN);
  CHECK(!listener.take());
}

TEST_CASE("models/listener: an address in use is an error") {
  Listener listener = listen_any(Listener::Kind::blocking);
  CHECK(Listener::open(listener.address(), Listener::Kind::blocking).error().number == EADDRINUSE);
}

TEST_CASE("models/listener: where no number is free a client is refused, and the next one served") {
  for (Listener::Kind kind : {Listener::Kind::blocking, Listener::Kind::nonblocking}) {
    CHECK(in_child([kind] {
      Listener listener = listen_any(kind);
      sys::Fd first = connected(listener);
      sys::Fd second = connected(listener);
      sys::Fd some(dup(0));
      fill();
      if (listener.take() || !is_closed(first)) return 1;
      some.reset();
      sys::Fd taken = listener.take();
      return taken ? 0 : 2;
    }) == 0);
  }
}
