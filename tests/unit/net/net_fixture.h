#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

#include "net/connection_pool.h"
#include "net/peer.h"
#include "net/recording_protocol.h"
#include "net/turns.h"
#include "sys/socket.h"

// The net of a worker, without the worker: everything that connections need, and one endpoint.
struct Net : Turns {
  oklo::Scoreboard scoreboard = oklo::Scoreboard::create(1, 1).value();
  oklo::ConnectionTable table;
  oklo::ConnectionPool pool;
  RecordingProtocol protocol;
  oklo::Endpoint endpoint;
  int accepted_fd = -1;  // of the last connection that open_tcp made

  explicit Net(uint32_t connections_max = 1000, uint32_t rows = 256)
      : table(oklo::ConnectionTable::create(rows).value()),
        pool(*reactor, table, scoreboard.life(0), 0, connections_max),
        endpoint(pool.make_endpoint(protocol)) {
    signal(SIGPIPE, SIG_IGN);  // as a worker does: sendfile has no MSG_NOSIGNAL
    endpoint.write_stall_ms = 60'000;
    reactor->count_turns(life().turns);
  }
  ~Net() {
    protocol.when_close = nullptr;
    pool.abort_all();
    turn();
  }

  int turns() const { return static_cast<int>(life().turns.value()); }
  oklo::LifeRow& life() const { return scoreboard.life(0); }
  uint64_t closed(oklo::CloseReason reason) const {
    return life().closed[static_cast<size_t>(reason)].value();
  }
  oklo::net::Connection& connection() const {
    REQUIRE(!protocol.live.empty());
    return *protocol.live.back();
  }

  // How many turns are made until a timer of some milliseconds comes: a few, unless something spins.
  int turns_until_timer() {
    struct Alarm final : oklo::Timer {
      void on_timer() override { rang = true; }
      bool rang = false;
    } alarm;
    int before = turns();
    reactor->timers().arm(alarm, reactor->clock().now_ms + 30);
    wait_until([&] { return alarm.rang; });
    return turns() - before;
  }
  static constexpr int kFewTurns = 10;

  // A connection over a pair of unix sockets, where all that one side does the other sees at once.
  Peer open(bool read_now = false, std::string_view first_bytes = {}, int type = SOCK_STREAM) {
    return open_at(endpoint, read_now, first_bytes, type);
  }
  Peer open_at(oklo::Endpoint& where, bool read_now, std::string_view first_bytes, int type = SOCK_STREAM) {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    Peer peer{oklo::sys::Fd(ends[1])};
    REQUIRE(peer.write(first_bytes) == first_bytes.size());
    pool.open(where, oklo::sys::Fd(ends[0]), oklo::sys::Address(), read_now);
    return peer;
  }

  // A connection over TCP.
  Peer open_tcp() {
    oklo::sys::Fd listener = oklo::sys::listen_on(*oklo::sys::Address::parse("127.0.0.1:0"), {}).value();
    Peer peer(oklo::sys::connect_to(*oklo::sys::local_address(listener.get())).value());
    pollfd entry = {listener.get(), POLLIN, 0};
    REQUIRE(poll(&entry, 1, 10'000) == 1);
    oklo::sys::Address address;
    oklo::sys::Fd socket(static_cast<int>(oklo::sys::accept_connection(listener.get(), address)));
    REQUIRE(socket.get() >= 0);
    accepted_fd = socket.get();
    pool.open(endpoint, std::move(socket), address, false);
    return peer;
  }
};

// Text that is different everywhere.
inline std::string numbered(size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; i++) text += std::to_string(i) + "\n";
  text.resize(size);
  return text;
}

// A file without a name, with that content.
inline oklo::sys::Fd file_of(std::string_view content) {
  oklo::sys::Fd fd(memfd_create("test", MFD_CLOEXEC));
  REQUIRE(pwrite(fd.get(), content.data(), content.size(), 0) == static_cast<ssize_t>(content.size()));
  return fd;
}

inline bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

// Sends until the socket takes no more, since the peer does not read.
inline std::string block(Net& net) {
  std::string text;
  while (net.connection().queued() == 0) {
    text += numbered(1 << 20);
    CHECK(net.connection().send(std::string_view(text).substr(text.size() - (1 << 20))));
    net.turn();
  }
  return text;
}
