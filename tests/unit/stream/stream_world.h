#pragma once

#include <signal.h>
#include <sys/socket.h>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

#include "net/connection_pool.h"
#include "net/peer.h"
#include "net/turns.h"
#include "stream/stream_service.h"

// What serves raw streams in a worker, without the worker: the test makes the connections and turns the
// Reactor.
struct StreamWorld : Turns {
  oklo::StreamHandlers handlers;
  oklo::StreamOptions options;
  oklo::LifeRow life = {};
  oklo::ConnectionTable table = oklo::ConnectionTable::create(64).value();
  oklo::stream::StreamService service;
  oklo::ConnectionPool pool;
  oklo::Endpoint endpoint;

  explicit StreamWorld(oklo::StreamHandlers h, const oklo::StreamOptions& o = {})
      : handlers(std::move(h)),
        options(o),
        service(handlers, options, *reactor, life, 3),
        pool(*reactor, table, life, 0, 64),
        endpoint(pool.make_endpoint(service)) {
    signal(SIGPIPE, SIG_IGN);  // as a worker does: sendfile has no MSG_NOSIGNAL
    REQUIRE(std::string(fault()).empty());
    endpoint.kind = oklo::ConnectionKind::stream;
    endpoint.listener = 2;
    endpoint.write_stall_ms = options.write_stall_ms;
    endpoint.queue_bytes_max = options.queue_bytes;
    reactor->count_turns(life.turns);
  }
  ~StreamWorld() {
    pool.abort_all();
    turn();
    CHECK(pool.size() == 0);
  }
  StreamWorld(const StreamWorld&) = delete;
  StreamWorld& operator=(const StreamWorld&) = delete;

  const char* fault() const {
    const char* text = oklo::stream::StreamService::fault(handlers, options);
    return text ? text : "";
  }

  Peer connect(std::string_view first_bytes = {}, const oklo::sys::Address& from = {}) {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    Peer peer{oklo::sys::Fd(ends[1])};
    REQUIRE(peer.write(first_bytes) == first_bytes.size());
    pool.open(endpoint, oklo::sys::Fd(ends[0]), from, false);
    return peer;
  }

  // Turns until all that was begun is done: what is told comes one turn late.
  void settle() {
    for (int i = 0; i < 6; i++) turn();
  }
  uint64_t closed(oklo::CloseReason reason) const {
    return life.closed[static_cast<size_t>(reason)].value();
  }
};

// Handlers that write down that they were called, each with a space behind it. on_end is left out, so that
// the connection does what it does without.
inline oklo::StreamHandlers recording(std::string& calls) {
  using oklo::Connection;
  oklo::StreamHandlers handlers;
  handlers.on_connect = [&calls](Connection&) { calls += "connect "; };
  handlers.on_receive = [&calls](Connection&, std::string_view bytes) {
    calls.append("receive(").append(bytes).append(") ");
  };
  handlers.on_sent = [&calls](Connection&) { calls += "sent "; };
  handlers.on_buffer_full = [&calls](Connection&) { calls += "full "; };
  handlers.on_buffer_drain = [&calls](Connection&) { calls += "drain "; };
  handlers.on_close = [&calls](Connection&, oklo::CloseReason reason) {
    calls.append("close(").append(oklo::close_reason_name(reason)).append(") ");
  };
  return handlers;
}
