#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include <oklo/connection.h>
#include <oklo/function.h>
#include <oklo/stream.h>

namespace oklo {

// How a StreamClient makes its connections, and treats them.
struct ClientOptions {
  uint32_t connect_ms = 5000;  // what is not there by then has failed; for all addresses of a name together
  StreamOptions stream = {};   // as those of a service; backlog and entrance mean nothing
};

// Makes connections to other servers, over TCP and unix sockets, and has them served by handlers as those of
// a raw stream service are: with the same Connection, framing, times, water marks and reasons. One client
// serves any number of connections to any addresses, in the worker, task worker or process of the program
// (Server::process) that calls connect; each process has its own ones. The client must live as long as they
// do, and what the handlers refer to as long as the client: make it before Server::run, or, for workers
// alone, once in Server::on_worker_start.
//
// Its connections count among those of the worker (ServerOptions::connections_max), and have ids as others
// have: with_connection, send_to, close_connection and is_open work. (From another process, where the server
// has a tcp service or WebSockets.) each_connection leaves them out. ConnectionInfo::listener means nothing.
//
// They never keep a worker from leaving, be it for a reload or a stop: they stay as long as it has
// connections of its listeners. When the last of those is gone, what they have still to send goes out, and
// they are closed with CloseReason::drained; what is being made fails. In a process of the program's own the
// same happens when on_stop has returned, in a task worker when its task has ended.
class StreamClient {
 public:
  // The address as connect was given it, and a sentence that says why there is no connection.
  using OnFailed = Function<void(std::string_view address, std::string_view why)>;

  explicit StreamClient(StreamHandlers handlers, ClientOptions options = {});
  StreamClient(const StreamClient&) = delete;
  StreamClient& operator=(const StreamClient&) = delete;
  ~StreamClient();

  // Begins a connection to "127.0.0.1:9501", "[::1]:9501", "example.org:9501" or "unix:/path". A name is
  // looked up as oklo::resolve does (<oklo/resolve.h>), and its addresses are tried one after the other until
  // one is there. One that does not answer has its part of the time that is left, a quarter of a second at
  // least. Nothing waits. Either on_connect of the handlers is called when it is there, with all that
  // follows up to on_close, or on_failed, once; neither before this returns. The id is that of the
  // connection when it is there, and is_open from then on; it is false when there is no room for one more,
  // or the process leaves, which on_failed will say. Where no server runs, and in the master, to call this is
  // a bug and ends the process.
  ConnectionId connect(std::string_view address, OnFailed on_failed = {});

  // The same; the connection has a copy of `state` as its Connection::state<S> when on_connect is called.
  template <State S>
    requires(!std::is_convertible_v<S, OnFailed>)
  ConnectionId connect(std::string_view address, const S& state, OnFailed on_failed = {}) {
    return begin(address, &state, sizeof state, std::move(on_failed));
  }

  // Gives up a connection that is being made, and nothing will be called for it; one that is there is closed
  // as by close_connection. False when there is none.
  bool close(ConnectionId id);

  // Calls the function with each of its connections in this process, in no order.
  void each(const Function<void(Connection&)>& function);

 private:
  struct Parts;
  ConnectionId begin(std::string_view address, const void* state, size_t bytes, OnFailed on_failed);
  std::unique_ptr<Parts> parts_;
};

}  // namespace oklo
