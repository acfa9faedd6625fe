#include "sys/outgoing.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <poll.h>

#include "emulated.h"
#include "sys/socket.h"

namespace sys = oklo::sys;

namespace {

void wait_for(int fd, short events) {
  pollfd entry = {fd, events, 0};
  REQUIRE(poll(&entry, 1, 10'000) == 1);
}

}  // namespace

TEST_CASE("sys/outgoing: a connected UDP socket hears of its peer alone") {
  sys::Address any = *sys::numeric_address("127.0.0.1", 0);
  sys::Fd server = sys::listen_on(any, {.datagram = true}).value();
  sys::Fd stranger = sys::listen_on(any, {.datagram = true}).value();
  sys::Fd client;
  REQUIRE(sys::connect_packets(*sys::local_address(server.get()), client) == 0);
  sys::Address own = *sys::local_address(client.get());
  CHECK(::sendto(stranger.get(), "bad", 3, 0, own.data(), own.size()) == 3);
  CHECK(::sendto(server.get(), "good", 4, 0, own.data(), own.size()) == 4);
  char room[8];
  wait_for(client.get(), POLLIN);
  CHECK(sys::receive(client.get(), room, sizeof room) == 4);
  CHECK(sys::receive(client.get(), room, sizeof room) == -EAGAIN);
}

TEST_CASE("sys/outgoing: the outcome of a connect") {
  if (emulated_mips()) return;
  sys::Fd listener = sys::listen_on(*sys::numeric_address("127.0.0.1", 0), {}).value();
  sys::Address address = *sys::local_address(listener.get());
  sys::Fd client;
  REQUIRE(sys::begin_connect(address, client) == 0);
  wait_for(client.get(), POLLOUT);
  CHECK(sys::connect_outcome(client.get()) == 0);
  listener.reset();
  sys::Fd refused;
  if (sys::begin_connect(address, refused) == 0) {
    wait_for(refused.get(), POLLOUT);
    CHECK(sys::connect_outcome(refused.get()) == -ECONNREFUSED);
  } else {
    CHECK_FALSE(refused);
  }
}

TEST_CASE("sys/outgoing: an address without brackets and port") {
  CHECK(sys::numeric_address("192.0.2.1", 53)->to_string() == "192.0.2.1:53");
  CHECK(sys::numeric_address("2001:db8::1", 53)->to_string() == "[2001:db8::1]:53");
  CHECK(sys::numeric_address("::ffff:192.0.2.1", 0)->to_string() == "192.0.2.1:0");
  using Text = std::string_view;
  for (Text text : {Text(""), Text("1.2.3"), Text("1.2.3.4.5"), Text("[::1]"), Text("1.2.3.4:5"), Text("*"),
                    Text("fe80::1%lo"), Text("localhost"), Text("1.2.3.4\0", 8), Text("::1\0x", 5)})
    CHECK_FALSE(sys::numeric_address(text, 0).has_value());
}

TEST_CASE("sys/outgoing: there is always a way to the loopback") {
  CHECK(sys::has_way_to(*sys::numeric_address("127.0.0.1", 0)));
  CHECK_FALSE(sys::has_way_to(*sys::numeric_address("255.255.255.255", 0)));
}
