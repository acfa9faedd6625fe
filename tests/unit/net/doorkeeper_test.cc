#include "net/doorkeeper.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "net/net_fixture.h"
#include "sys/address.h"

using oklo::CloseReason;
using oklo::net::Connection;

namespace {

const std::string kHeader = "PROXY TCP4 192.0.2.1 198.51.100.2 5000 80\r\n";

oklo::Endpoint& of_stream(oklo::Endpoint& endpoint) {
  endpoint.kind = oklo::ConnectionKind::stream;
  return endpoint;
}

// A door with these options, before a protocol that writes down what it hears.
struct Door : Net {
  oklo::EntranceRules rules;
  oklo::sys::Fd log_file{memfd_create("log", MFD_CLOEXEC)};
  oklo::Log log{log_file.get(), "worker 1"};
  oklo::AddressTable addresses;
  oklo::AddressGuard guard{addresses, 0, life()};
  oklo::Doorkeeper doorkeeper;

  explicit Door(const oklo::Entrance& entrance, const oklo::AddressLimits& limits = {})
      : rules(oklo::EntranceRules::read(entrance).value()),
        addresses(oklo::AddressTable::create(limits, 1).value()),
        doorkeeper(rules, pool, of_stream(endpoint), log) {
    pool.guard_with(guard);
  }

  ~Door() {
    pool.abort_all();
    turn();
  }

  // A connection from that address, or without one from a unix socket.
  Peer come(const std::string& from, std::string_view first_bytes = {}, bool read_now = true) {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    Peer peer{oklo::sys::Fd(ends[1])};
    REQUIRE(peer.write(first_bytes) == first_bytes.size());
    oklo::sys::Address address;
    if (!from.empty()) address = *oklo::sys::Address::parse(from);
    pool.open(doorkeeper.endpoint(), oklo::sys::Fd(ends[0]), address, read_now);
    return peer;
  }
  // Whether it is let in; if not, it is closed, for that reason, and nobody hears of it.
  bool lets_in(const std::string& from, CloseReason reason = CloseReason::denied) {
    uint64_t before = closed(reason);
    size_t there = protocol.live.size();
    Peer peer = come(from);
    turn();
    bool in = protocol.live.size() > there;
    CHECK(closed(reason) - before == (in ? 0 : 1));
    peers.push_back(std::move(peer));
    return in;
  }
  std::string peer_of(const Connection& one) {
    const uint8_t* ip = one.row().ip_of_peer();
    return ip ? oklo::sys::Address::from_ip(ip, one.row().peer_port).to_string() : "unix";
  }
  std::string logged() {
    std::string text(4096, '\0');
    ssize_t size = pread(log_file.get(), text.data(), text.size(), 0);
    text.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return text;
  }

  std::vector<Peer> peers;
};

}  // namespace

TEST_CASE("net/doorkeeper: where all may come in, nobody stands at the door") {
  Door door({});
  CHECK(&door.doorkeeper.endpoint() == &door.endpoint);
  Door limited({}, {.connections = 1});
  CHECK(&limited.doorkeeper.endpoint() != &limited.endpoint);
}

TEST_CASE("net/doorkeeper: rules for networks") {
  Door door({.access = {"deny 10.0.0.9", "allow 10.0.0.0/8", "allow ::1"}});
  CHECK(door.lets_in("10.0.0.1:5000"));
  CHECK(door.lets_in("[::1]:5000"));
  CHECK(!door.lets_in("10.0.0.9:5000"));
  CHECK(!door.lets_in("192.0.2.1:5000"));
  CHECK(!door.lets_in(""));
  CHECK(door.protocol.calls == "open open ");
  CHECK(door.pool.size() == 2);
  CHECK(door.connection().row().kind == oklo::ConnectionKind::stream);
}

TEST_CASE("net/doorkeeper: a header comes whole, byte by byte, or cut anywhere") {
  std::string text = kHeader + "hello";
  for (size_t cut = 0; cut <= text.size(); cut++) {
    Door door({.proxy_protocol = {"127.0.0.0/8"}});
    Peer peer = door.come("127.0.0.1:9", text.substr(0, cut));
    door.turn();
    peer.write(text.substr(cut));
    door.turn_until([&] { return door.protocol.received == "hello"; });
    CHECK(door.peer_of(door.connection()) == "192.0.2.1:5000");
    CHECK(door.protocol.calls.starts_with("open data "));
    CHECK(door.connection().row().kind == oklo::ConnectionKind::stream);
  }
  Door door({.proxy_protocol = {"127.0.0.0/8"}});
  Peer peer = door.come("127.0.0.1:9");
  for (char c : text) {
    peer.write({&c, 1});
    door.turn();
  }
  CHECK(door.protocol.received == "hello");
}

TEST_CASE("net/doorkeeper: a server that speaks first does so behind the header") {
  Door door({.proxy_protocol = {"127.0.0.1"}});
  door.protocol.when_open = [](Connection& connection) { connection.send("welcome"); };
  Peer peer = door.come("127.0.0.1:9");
  door.turn();
  CHECK(peer.read() == "");
  CHECK(door.protocol.calls == "");
  CHECK(door.table.row(0).kind == oklo::ConnectionKind::none);
  peer.write(kHeader);
  door.turn_until([&] { return !door.protocol.live.empty(); });
  door.turn();
  CHECK(peer.read() == "welcome");
  CHECK(door.protocol.calls == "open ");
}

TEST_CASE("net/doorkeeper: who is no proxy is not let in, whatever it says") {
  Door door({.proxy_protocol = {"127.0.0.1"}});
  for (const char* from : {"127.0.0.2:9", "[::1]:9", ""}) {
    Peer peer = door.come(from, kHeader);
    door.turn();
    peer.read();
    CHECK(peer.over());
  }
  CHECK(door.closed(CloseReason::denied) == 3);
  CHECK(door.protocol.calls == "");
}

TEST_CASE("net/doorkeeper: a proxy must send the header") {
  Door door({.proxy_protocol = {"127.0.0.1"}});
  Peer plain = door.come("127.0.0.1:9", "GET / HTTP/1.1\r\n\r\n");
  Peer cut = door.come("127.0.0.1:9", "PROXY TCP4 ");
  cut.finish();
  Peer silent = door.come("127.0.0.1:9");
  silent.finish();
  door.turn_until([&] { return door.pool.size() == 0; });
  CHECK(door.closed(CloseReason::proxy_header) == 2);
  CHECK(door.closed(CloseReason::peer_closed) == 1);
  CHECK(door.protocol.calls == "");
  std::string log = door.logged();
  CHECK(log.find("the PROXY header of 127.0.0.1 is broken: it does not begin as one\n") != log.npos);
  CHECK(log.find("ends too early") == log.npos);  // Once in ten seconds is enough.
}

TEST_CASE("net/doorkeeper: a header has its time") {
  Door door({.proxy_protocol = {"127.0.0.1"}, .proxy_time_ms = 1});
  Peer peer = door.come("127.0.0.1:9", "PROXY ");
  door.wait_until([&] { return door.pool.size() == 0; });
  CHECK(door.closed(CloseReason::header_timeout) == 1);
  Peer other = door.come("127.0.0.1:9", kHeader);
  CHECK(door.turns_until_timer() < Net::kFewTurns);
  CHECK(door.pool.size() == 1);
  CHECK(door.protocol.calls == "open ");
}

TEST_CASE("net/doorkeeper: a proxy that does not say whose the connection is") {
  Door door({.proxy_protocol = {"127.0.0.1", "unix"}});
  Peer unknown = door.come("127.0.0.1:9", "PROXY UNKNOWN\r\n");
  CHECK(door.peer_of(door.connection()) == "127.0.0.1:9");
  std::string local("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16);
  Peer itself = door.come("127.0.0.1:9", local);
  CHECK(door.peer_of(door.connection()) == "127.0.0.1:9");
  Peer named = door.come("", kHeader);
  CHECK(door.peer_of(door.connection()) == "192.0.2.1:5000");
  std::string of_unix("\r\n\r\n\0\r\nQUIT\n\x21\x31\0\xd8", 16);
  Peer beside = door.come("127.0.0.1:9", of_unix + std::string(216, 'x'));
  CHECK(door.peer_of(door.connection()) == "unix");
  Peer portless = door.come("127.0.0.1:9", "PROXY TCP4 192.0.2.1 198.51.100.2 0 80\r\n");
  CHECK(door.peer_of(door.connection()) == "192.0.2.1:0");
  CHECK(door.protocol.live.size() == 5);
}

TEST_CASE("net/doorkeeper: rules are asked about the peer of the header") {
  Door door({.access = {"deny 192.0.2.0/24"}, .proxy_protocol = {"127.0.0.1"}});
  Peer denied = door.come("127.0.0.1:9", kHeader + "hello");
  door.turn();
  CHECK(door.closed(CloseReason::denied) == 1);
  CHECK(door.protocol.calls == "");
  Peer welcome = door.come("127.0.0.1:9", "PROXY TCP4 198.51.100.1 198.51.100.2 1 80\r\nhello");
  CHECK(door.protocol.received == "hello");
}

TEST_CASE("net/doorkeeper: a session that pauses or closes at once gets nothing") {
  Door door({.proxy_protocol = {"127.0.0.1"}});
  door.protocol.when_open = [](Connection& connection) { connection.pause_reading(); };
  Peer paused = door.come("127.0.0.1:9", kHeader + "hello");
  door.turn();
  CHECK(door.protocol.calls == "open ");
  CHECK(door.connection().input().size() == 5);
  door.protocol.when_open = [](Connection& connection) { connection.abort(CloseReason::finished); };
  Peer closed = door.come("127.0.0.1:9", kHeader + "hello");
  door.turn();
  CHECK(door.protocol.calls == "open open close(finished) ");
}

TEST_CASE("net/doorkeeper: at a stop nobody is waited for") {
  Door door({.proxy_protocol = {"127.0.0.1"}});
  Peer peer = door.come("127.0.0.1:9", "PROXY ");
  door.pool.drain(oklo::DrainMode::reload);
  door.turn();
  CHECK(door.pool.size() == 1);
  door.pool.drain(oklo::DrainMode::stop);
  door.turn();
  CHECK(door.closed(CloseReason::drained) == 1);
}

TEST_CASE("net/doorkeeper: an address has its connections, until they end") {
  Door door({}, {.connections = 2});
  CHECK(door.lets_in("192.0.2.1:1", CloseReason::too_many));
  CHECK(door.lets_in("192.0.2.1:2", CloseReason::too_many));
  CHECK(!door.lets_in("192.0.2.1:3", CloseReason::too_many));
  CHECK(door.lets_in("192.0.2.2:1", CloseReason::too_many));
  door.protocol.live[0]->abort(CloseReason::finished);
  door.turn();
  CHECK(door.lets_in("192.0.2.1:4", CloseReason::too_many));
  CHECK(!door.lets_in("192.0.2.1:5", CloseReason::too_many));
  for (int i = 0; i < 5; i++) CHECK(door.lets_in("", CloseReason::too_many));
}

TEST_CASE("net/doorkeeper: behind a proxy it is the peer of the header that counts") {
  Door door({.proxy_protocol = {"127.0.0.1"}}, {.connections = 1});
  auto header = [](const char* peer) { return "PROXY TCP4 " + std::string(peer) + " 198.51.100.2 1 80\r\n"; };
  Peer one = door.come("127.0.0.1:1", header("192.0.2.1"));
  Peer two = door.come("127.0.0.1:2", header("192.0.2.2"));
  CHECK(door.protocol.live.size() == 2);
  Peer again = door.come("127.0.0.1:3", header("192.0.2.1"));
  door.turn();
  CHECK(door.closed(CloseReason::too_many) == 1);
}

TEST_CASE("net/doorkeeper: a connection to a raw service is a request, one of HTTP is none") {
  Door door({}, {.requests_s = 1, .burst = 2});
  for (int i = 0; i < 2; i++) CHECK(door.lets_in("192.0.2.1:1", CloseReason::too_many));
  CHECK(!door.lets_in("192.0.2.1:1", CloseReason::too_many));
  CHECK(door.life().requests_limited.value() == 1);
  Door http({}, {.requests_s = 1});
  http.endpoint.kind = oklo::ConnectionKind::http;
  CHECK(&http.doorkeeper.endpoint() == &http.endpoint);
}
