#pragma once

#include <unistd.h>

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "net/posted_pool.h"
#include "net/turns.h"
#include "shm/connection_rows.h"

// A Carrier that writes down what it is told, in its order, and has all that was sent.
class RecordingCarrier final : public oklo::net::Carrier {
 public:
  using Action = std::function<void(oklo::net::PostedConnection&)>;

  std::string calls;  // each with a space behind it
  std::string sent;   // also of files
  size_t unconfirmed = 0;
  std::set<uint64_t> ended;
  bool is_closed = false;
  oklo::CloseReason reason = oklo::CloseReason::finished;
  End end = End::close;
  size_t taken = 0;
  oklo::ConnectionId last;  // whose call it was
  Action when_settled;

  void send(oklo::ConnectionId id, std::string_view bytes) override {
    told(id, "send");
    sent += bytes;
    unconfirmed += bytes.size();
  }
  void send_file(oklo::ConnectionId id, oklo::sys::Fd file, uint64_t offset, uint64_t size) override {
    told(id, "file");
    std::string content(static_cast<size_t>(size), '\0');
    CHECK(pread(file.get(), content.data(), content.size(), static_cast<off_t>(offset)) ==
          static_cast<ssize_t>(size));
    sent += content;
    unconfirmed += content.size();
  }
  void took(oklo::ConnectionId id, size_t bytes) override {
    told(id, "took");
    taken += bytes;
  }
  void closed(oklo::ConnectionId id, oklo::CloseReason of_reason, End of_end) override {
    told(id, "closed");
    CHECK(ended.insert(uint64_t{id.row} << 32 | id.generation).second);
    is_closed = true;
    reason = of_reason;
    end = of_end;
  }
  void settled(oklo::net::PostedConnection& connection) override {
    told(connection.id(), "settled");
    if (when_settled) when_settled(connection);
  }

 private:
  void told(oklo::ConnectionId id, std::string_view call) {
    last = id;
    calls.append(call).append(" ");
  }
};

// What a worker has for connections whose sockets others own, and the rows of those others.
struct PostedNet : Turns {
  oklo::ConnectionTable table = oklo::ConnectionTable::create(64).value();
  oklo::ConnectionRows rows{table, 7};
  oklo::LifeRow life = {};
  RecordingCarrier carrier;
  oklo::net::PostedConnection* connection = nullptr;  // the last that was opened
  oklo::PostedPool pool{*reactor, table, life, carrier};

  ~PostedNet() {
    pool.abort_all();
    turn();
    CHECK(pool.empty());
  }

  // A connection of another process that has made so many requests.
  oklo::ConnectionId accept(uint32_t requests = 1) {
    oklo::ConnectionId id = rows.open();
    oklo::ConnectionRow& row = rows.row(id);
    row.kind = oklo::ConnectionKind::http;
    row.peer_ip[15] = 9;
    row.peer_port = 5000;
    row.requests = requests;
    row.slot = 77;
    return id;
  }
  oklo::net::PostedConnection& open(oklo::Endpoint& endpoint) {
    connection = pool.open(endpoint, accept());
    REQUIRE(connection);
    return *connection;
  }
  // The other process has sent so much, or all.
  void confirm(size_t bytes = SIZE_MAX) {
    bytes = std::min(bytes, carrier.unconfirmed);
    carrier.unconfirmed -= bytes;
    CHECK(connection->confirm(bytes));
    turn();
  }
  std::string calls() {
    turn();
    return std::exchange(carrier.calls, {});
  }
};
