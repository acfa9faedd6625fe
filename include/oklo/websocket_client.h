#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <oklo/connection_id.h>
#include <oklo/function.h>
#include <oklo/websocket.h>

namespace oklo {

// What is called for the WebSockets of a client, in the process that connects them. All may be empty. Views
// live until the handler returns.
struct WebSocketClientHandlers {
  // It has opened. `subprotocol` is that one of WebSocketOptions::subprotocols which the server has chosen,
  // or empty.
  Function<void(WebSocket&, std::string_view subprotocol)> on_open = {};
  // A message, whole; a text is UTF-8. Of a kind without a handler it closes the WebSocket with 1003.
  Function<void(WebSocket&, std::string_view text)> on_message = {};
  Function<void(WebSocket&, std::string_view bytes)> on_binary = {};
  // The end, once for each WebSocket that has opened: the code and reason that the server gave, or why oklo
  // failed it; 1005 without a code, 1006 when the connection was lost (RFC 6455 section 7.1.5).
  Function<void(WebSocket&, uint16_t code, std::string_view reason)> on_close = {};
};

// How a WebSocketClient makes its WebSockets, and treats them.
struct WebSocketClientOptions {
  uint32_t connect_ms = 5000;     // a connection that is not there by then has failed, its name looked up
  uint32_t handshake_ms = 10'000; // from there to the end of the server's answer
  // Further fields of the request, such as Authorization, Cookie or Origin. What belongs to the handshake
  // itself is written by the client.
  std::vector<std::pair<std::string, std::string>> headers = {};
  WebSocketOptions socket = {};   // as those of a route; subprotocols are offered, the one liked best first;
                                  // origins and same_origin mean nothing
};

// Opens WebSockets to other servers (RFC 6455), in a worker, a task worker or a process of Server::process,
// and has them served by handlers as those of a route are: with the same WebSocket, limits, pings and codes,
// but in no rooms: WebSocket::join is false. One client serves any number of WebSockets to any servers. It
// must live as long as they do, and what the handlers refer to as long as the client: make it before
// Server::run, or once in Server::on_worker_start.
//
// Any number may be opened to one server at once, which RFC 6455 section 4.1 does not allow to browsers.
// Like the connections of a StreamClient they count among those of the worker, are reached by their ids
// (send_to, close_connection, is_open), and keep no worker from leaving: when the last connection of its
// listeners is gone, they are closed with 1001.
class WebSocketClient {
 public:
  // The URL as connect was given it, and a sentence that says why there is no WebSocket.
  using OnFailed = Function<void(std::string_view url, std::string_view why)>;

  explicit WebSocketClient(WebSocketClientHandlers handlers, WebSocketClientOptions options = {});
  WebSocketClient(const WebSocketClient&) = delete;
  WebSocketClient& operator=(const WebSocketClient&) = delete;
  ~WebSocketClient();

  // Begins one to "ws://example.org:8080/path?query"; wss is not spoken, redirections are not followed. Names
  // are looked up and their addresses tried as StreamClient::connect does. Nothing waits. Either on_open is
  // called, with all that follows up to on_close, or on_failed, once; neither before this returns. The id is
  // that of the WebSocket when it is there, and messages can be sent to it from on_open on. It is false when
  // the URL is wrong, when there is no room for one more, or the process leaves, which on_failed will say.
  // Where no server runs, and in the master, to call this is a bug and ends the process.
  ConnectionId connect(std::string_view url, OnFailed on_failed = {});

  // The same; the WebSocket has a copy of `state` as its WebSocket::state<S> when on_open is called.
  template <State S>
    requires(!std::is_convertible_v<S, OnFailed>)
  ConnectionId connect(std::string_view url, const S& state, OnFailed on_failed = {}) {
    return begin(url, &state, sizeof state, std::move(on_failed));
  }

  // Gives up one that is not open yet, and nothing will be called for it; one that is open is closed with
  // 1000. False when there is none.
  bool close(ConnectionId id);

  // Calls the function with each that is open in this process, in no order.
  void each(const Function<void(WebSocket&)>& function);

 private:
  struct Parts;
  ConnectionId begin(std::string_view url, const void* state, size_t bytes, OnFailed on_failed);
  std::unique_ptr<Parts> parts_;
};

}  // namespace oklo
