#include <oklo/sync_client.h>

#include <doctest/doctest.h>

#include <signal.h>

#include <string>
#include <utility>

#include "emulated.h"
#include "net/connecting.h"
#include "net/peer.h"
#include "temp_dir.h"

using oklo::SyncClient;
using oklo::SyncClientOptions;

namespace {

using Text = std::optional<std::string>;

// A client that is connected, and the other side of it: what one sends is there when it has returned.
struct Connected {
  Listening listening;
  SyncClient client;
  Peer peer;

  explicit Connected(SyncClientOptions options = {}, const char* address = nullptr)
      : listening(address), client(std::move(options)), peer(accepted()) {}
  Peer accepted() {
    REQUIRE(client.connect(listening.address.to_string()));
    CHECK(client.error().empty());
    CHECK(client.connected());
    sys::Address from;
    return Peer(sys::Fd(static_cast<int>(sys::accept_connection(listening.listener.get(), from))));
  }
  std::string name() const { return listening.address.to_string(); }
};

SyncClientOptions soon(uint32_t timeout_ms = 30) {
  SyncClientOptions options;
  options.timeout_ms = timeout_ms;
  return options;
}

SyncClientOptions naming(const std::string& hosts, uint32_t timeout_ms = 5000) {
  SyncClientOptions options = soon(timeout_ms);
  options.resolver.hosts = hosts;
  options.resolver.resolv_conf = "/nowhere";
  return options;
}

}  // namespace

TEST_CASE("net/sync_client: sends and receives") {
  for (const char* address : {"127.0.0.1:0", "[::1]:0", static_cast<const char*>(nullptr)}) {
    Connected two({}, address);
    CHECK(two.client.send("hello"));
    CHECK(two.client.send(""));
    CHECK(two.peer.read() == "hello");
    two.peer.write("good day");
    CHECK(two.client.receive(4) == "good");
    CHECK(two.client.receive() == " day");
    two.peer.finish();
    CHECK_FALSE(two.client.ended());
    CHECK_FALSE(two.client.receive());
    CHECK(two.client.ended());
    CHECK_FALSE(two.client.timed_out());
    CHECK(two.client.error() == "cannot receive from " + two.name() + ": it has ended the stream");
    CHECK(two.client.send("still heard"));
    CHECK(two.client.error().empty());
    two.client.shutdown_send();
    CHECK(two.peer.read() == "still heard");
    CHECK(two.peer.ended());
    two.client.close();
    CHECK_FALSE(two.client.connected());
    CHECK_FALSE(two.client.send("x"));
    CHECK(two.client.error() == "cannot send: it is not connected");
  }
}

TEST_CASE("net/sync_client: lines and counted bytes") {
  Connected two;
  two.peer.write("one\ntwo\r\n\n\r\nthree\r four\n12345678tail");
  for (const char* line : {"one", "two", "", "", "three\r four"}) CHECK(two.client.read_line() == line);
  CHECK(two.client.read_exactly(0) == "");
  CHECK(two.client.read_exactly(3) == "123");
  CHECK(two.client.read_exactly(5) == "45678");
  two.peer.finish();
  CHECK_FALSE(two.client.read_line());
  CHECK_FALSE(two.client.ended());
  CHECK_FALSE(two.client.read_exactly(5));
  CHECK(two.client.receive() == "tail");
  CHECK(two.client.ended());
}

TEST_CASE("net/sync_client: lines and counted bytes, byte by byte, and split at each place") {
  const std::string_view text = "one\r\n\nfour\rtwo\r\n";
  Connected two(soon(0));
  // Takes what is there: two lines, four bytes, a line.
  size_t taken = 0;
  std::string seen;
  auto take = [&] {
    while (auto got = taken % 4 == 2 ? two.client.read_exactly(4) : two.client.read_line()) {
      seen.append("<").append(*got).append(">");
      taken++;
    }
    CHECK(two.client.timed_out());
  };
  for (size_t split = 0; split <= text.size(); split++) {
    for (std::string_view part : {text.substr(0, split), text.substr(split)}) {
      two.peer.write(part);
      take();
    }
    CHECK(std::exchange(seen, {}) == "<one><><four><\rtwo>");
  }
  for (char c : text) {
    two.peer.write({&c, 1});
    take();
  }
  CHECK(seen == "<one><><four><\rtwo>");
}

TEST_CASE("net/sync_client: a line may have so many bytes") {
  SyncClientOptions options;
  options.line_bytes = 10;
  Connected two(options);
  two.peer.write("1234567890\n1234567890\r\n12345678901\n");
  CHECK(two.client.read_line() == "1234567890");
  CHECK(two.client.read_line() == "1234567890");
  CHECK_FALSE(two.client.read_line());
  CHECK(two.client.error() == "a line of " + two.name() + " has more than 10 bytes");
  CHECK(two.client.read_exactly(12) == "12345678901\n");
  two.peer.write(std::string(100'000, 'x'));
  CHECK_FALSE(two.client.read_line());
  CHECK(two.client.read_exactly(100'000) == std::string(100'000, 'x'));
}

TEST_CASE("net/sync_client: when the time is over nothing is lost") {
  Connected two(soon());
  two.peer.write("half");
  CHECK_FALSE(two.client.read_line());
  CHECK(two.client.timed_out());
  CHECK(two.client.error() == "cannot receive from " + two.name() + " within 30 ms");
  CHECK_FALSE(two.client.read_exactly(5));
  CHECK(two.client.timed_out());
  two.peer.write(" a line\n");
  CHECK(two.client.read_line() == "half a line");
  CHECK_FALSE(two.client.timed_out());
  CHECK(two.client.connected());
  two.client.set_timeout(1);
  CHECK_FALSE(two.client.receive());
  CHECK(two.client.error().ends_with(" within 1 ms"));
}

TEST_CASE("net/sync_client: a stream of which not all was taken is closed") {
  Connected two(soon());
  CHECK_FALSE(two.client.send(std::string(64 << 20, 'x')));
  CHECK(two.client.timed_out());
  CHECK(two.client.error() == "cannot send to " + two.name() + " within 30 ms");
  CHECK_FALSE(two.client.connected());
}

TEST_CASE("net/sync_client: a reset is told") {
  Connected two({}, "127.0.0.1:0");
  two.peer.reset();
  CHECK_FALSE(two.client.receive());
  CHECK(two.client.error() == "cannot receive from " + two.name() + ": Connection reset by peer");
  CHECK_FALSE(two.client.ended());
  while (two.client.send("x")) {
  }
  CHECK_FALSE(two.client.connected());
}

TEST_CASE("net/sync_client: where nobody is") {
  if (emulated_mips()) return;
  SyncClient client(soon());
  std::string nobody = deserted();
  CHECK_FALSE(client.connect(nobody));
  CHECK(client.error() == "cannot connect to " + nobody + ": Connection refused");
  CHECK_FALSE(client.timed_out());
  CHECK_FALSE(client.connected());
  CHECK_FALSE(client.connect("unix:/nowhere"));
  CHECK(client.error() == "cannot connect to unix:/nowhere: No such file or directory");
  CHECK_FALSE(client.connect("nonsense"));
  CHECK(client.error().starts_with("bad address \"nonsense\": the port is missing"));
  for (const char* text : {"127.0.0.1:0", ""}) {
    FullListener full(text);
    CHECK_FALSE(client.connect(full.address.to_string()));
    CHECK(client.timed_out());
    CHECK(client.error() == "cannot connect to " + full.address.to_string() + " within 30 ms");
  }
  CHECK_FALSE(client.receive());
  CHECK(client.error() == "cannot receive: it is not connected");
}

TEST_CASE("net/sync_client: a connection is replaced by the next one, and what it had is forgotten") {
  Connected two;
  two.peer.write("never read\n");
  CHECK(two.client.receive(1) == "n");
  Listening other;
  CHECK(two.client.connect(other.address.to_string()));
  two.peer.read();
  CHECK(two.peer.over());
  two.client.set_timeout(1);
  CHECK_FALSE(two.client.receive());
  CHECK(two.client.timed_out());
  SyncClient moved = std::move(two.client);
  CHECK(moved.connected());
}

TEST_CASE("net/sync_client: names, and all their addresses") {
  if (emulated_mips()) return;
  TempDir temp;
  temp.file("hosts", "127.0.0.99 web\n127.0.0.1 web\n127.0.0.98 gone\n127.0.0.99 gone\n");
  Listening listening("127.0.0.1:0");
  std::string port = ":" + std::to_string(listening.address.port());
  SyncClient client(naming(temp / "hosts"));
  CHECK(client.connect("web" + port));
  CHECK(client.connect("localhost" + port));
  CHECK_FALSE(client.connect("gone" + port));
  CHECK(client.error() == "cannot connect to gone" + port + " at 127.0.0.99" + port + ": Connection refused");
  CHECK_FALSE(client.connect("a..b" + port));
  CHECK(client.error() == "cannot connect to a..b" + port + ": the host name \"a..b\" has an empty label");
}

TEST_CASE("net/sync_client: an address that says nothing has its part of the time") {
  TempDir temp;
  temp.file("hosts", "127.0.0.1 web\n127.0.0.2 web\n");
  FullListener silent("127.0.0.1:0");
  std::string port = ":" + std::to_string(silent.address.port());
  Listening listening(("127.0.0.2" + port).c_str());
  SyncClient client(naming(temp / "hosts", 600));
  CHECK(client.connect("web" + port));
}

TEST_CASE("net/sync_client: a name server that says nothing costs no more than the time of the call") {
  TempDir temp;
  sys::ListenOptions datagrams;
  datagrams.datagram = true;
  sys::Fd deaf = sys::listen_on(*sys::Address::parse("127.0.0.1:0"), datagrams).value();
  temp.file("resolv.conf", "nameserver 127.0.0.1\n");
  SyncClientOptions options = naming("/nowhere", 40);
  options.resolver.resolv_conf = temp / "resolv.conf";
  options.resolver.port = sys::local_address(deaf.get())->port();
  SyncClient client(options);
  CHECK_FALSE(client.connect("web.test:80"));
  CHECK(client.timed_out());
  CHECK(client.error() == "cannot connect to web.test:80: its name was not looked up in time");
}

TEST_CASE("net/sync_client: datagrams") {
  TempDir temp;
  temp.file("hosts", "127.0.0.1 web\n");
  sys::ListenOptions datagrams;
  datagrams.datagram = true;
  SyncClient client(naming(temp / "hosts", 30));
  std::string nobody;
  for (const std::string& text : {std::string("127.0.0.1:0"), "unix:" + (temp / "s")}) {
    sys::Fd other = sys::listen_on(*sys::Address::parse(text), datagrams).value();
    sys::Address address = *sys::local_address(other.get());
    std::string name = address.to_string();
    CHECK(client.connect_datagrams(address.is_unix() ? name : "web:" + std::to_string(address.port())));
    CHECK(client.send("one"));
    CHECK(client.send(""));
    char room[100];
    sockaddr_storage from = {};
    socklen_t length = sizeof from;
    sockaddr* at = reinterpret_cast<sockaddr*>(&from);
    CHECK(::recvfrom(other.get(), room, sizeof room, 0, at, &length) == 3);
    CHECK(::recv(other.get(), room, sizeof room, 0) == 0);
    CHECK(::sendto(other.get(), "first", 5, 0, at, length) == 5);
    CHECK(::sendto(other.get(), "", 0, 0, at, length) == 0);
    CHECK(::sendto(other.get(), "third", 5, 0, at, length) == 5);
    for (const char* bytes : {"first", "", "third"}) CHECK(client.receive() == bytes);
    CHECK_FALSE(client.receive());
    CHECK(client.timed_out());
    CHECK_FALSE(client.ended());
    if (!address.is_unix()) nobody = name;
  }
  CHECK(client.connect_datagrams(nobody));
  CHECK(client.send("x"));
  CHECK_FALSE(client.receive());
  CHECK(client.error() == "cannot receive from " + nobody + ": Connection refused");
  CHECK(client.connected());
  CHECK_FALSE(client.send(std::string(70'000, 'x')));
  CHECK(client.error() == "cannot send to " + nobody + ": Message too long");
  CHECK_FALSE(client.connect_datagrams("unix:/nowhere"));
}
