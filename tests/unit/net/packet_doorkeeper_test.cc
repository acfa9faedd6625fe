#include "net/packet_doorkeeper.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "net/net_fixture.h"
#include "sys/socket.h"
#include "temp_dir.h"

namespace sys = oklo::sys;

namespace {

// A door of datagrams, and who is behind it: writes down what he hears.
struct Door : Net, oklo::DatagramReceiver {
  oklo::codec::AccessList access;
  oklo::AddressTable addresses;
  oklo::AddressGuard guard{addresses, 0, life()};
  oklo::PacketDoorkeeper doorkeeper{access, pool, *this};
  sys::PacketReader reader{100};
  sys::Fd fd;
  oklo::DatagramSocket socket;
  std::string heard;

  explicit Door(const std::vector<std::string>& rules, const oklo::AddressLimits& limits = {},
                const std::string& where = "127.0.0.1:0")
      : access(oklo::codec::AccessList::parse(rules).value()),
        addresses(oklo::AddressTable::create(limits, 1).value()),
        fd(sys::listen_on(*sys::Address::parse(where), {.datagram = true}).value()),
        socket(*reactor, life(), fd.get(), reader, first()) {
    REQUIRE(socket.start(false).ok());
  }
  oklo::DatagramReceiver& first() {
    pool.guard_with(guard);
    return doorkeeper.receiver();
  }
  void on_packet(oklo::DatagramSocket&, size_t index) override { heard += reader.bytes(index); }

  // Sends from that address; an empty one is a unix socket without a name.
  void send(const std::string& from, std::string_view bytes) {
    sys::Address to = *sys::local_address(fd.get());
    sys::Fd sender = from.empty()
                         ? sys::Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0))
                         : sys::listen_on(*sys::Address::parse(from + ":0"), {.datagram = true}).value();
    uint64_t before = life().requests.value();
    REQUIRE(sendto(sender.get(), bytes.data(), bytes.size(), 0, to.data(), to.size()) ==
            static_cast<ssize_t>(bytes.size()));
    while (life().requests.value() == before) reactor->run_once();
  }
  uint64_t refused() { return life().packets_refused.value(); }
};

}  // namespace

TEST_CASE("net/packet_doorkeeper: where all may send it does not stand in the way") {
  Door door({});
  CHECK(&door.doorkeeper.receiver() == &door);
  door.send("127.0.0.2", "a");
  CHECK(door.heard == "a");
}

TEST_CASE("net/packet_doorkeeper: who may not send is not heard, and counted") {
  Door door({"deny 127.0.0.3", "allow 127.0.0.0/28"});
  for (const char* from : {"127.0.0.2", "127.0.0.3", "127.0.0.15", "127.0.0.16"}) door.send(from, "x");
  CHECK(door.heard == "xx");
  CHECK(door.refused() == 2);
  CHECK(door.life().requests_limited.value() == 0);
}

TEST_CASE("net/packet_doorkeeper: unix sockets are a network of their own, and have no limits") {
  TempDir temp;
  Door none({"allow 127.0.0.0/8"}, {}, "unix:" + (temp / "a"));
  none.send("", "x");
  CHECK(none.heard.empty());
  CHECK(none.refused() == 1);
  Door all({"allow unix"}, {.requests_s = 1}, "unix:" + (temp / "b"));
  for (int i = 0; i < 5; i++) all.send("", "x");
  CHECK(all.heard == "xxxxx");
}

TEST_CASE("net/packet_doorkeeper: each datagram is a request of its address") {
  Door door({}, {.requests_s = 1, .burst = 3, .except = {"127.0.0.9"}});
  for (int i = 0; i < 5; i++) door.send("127.0.0.2", "a");
  door.send("127.0.0.3", "b");
  for (int i = 0; i < 5; i++) door.send("127.0.0.9", "c");
  CHECK(door.heard.starts_with("aaa"));
  CHECK(door.heard.ends_with("bccccc"));
  CHECK(door.refused() + door.heard.size() == 11);
  CHECK(door.refused() >= 1);
  CHECK(door.life().requests_limited.value() == door.refused());
}
