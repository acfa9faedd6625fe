#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <oklo/connection_id.h>
#include <oklo/function.h>
#include <oklo/request.h>
#include <oklo/response.h>
#include <oklo/room.h>
#include <oklo/state.h>

namespace oklo {

namespace ws { class Link; }

// One WebSocket (RFC 6455), borrowed by a handler until it returns. What lasts longer than a call is its id.
class WebSocket {
 public:
  // Its name in all workers: send_to.
  ConnectionId id() const;
  // The address of the other side: "192.0.2.1", "2001:db8::1", "unix".
  std::string peer() const;

  // Sends a text, which must be UTF-8, or bytes. False when it is closed, or so much waits to be sent that
  // this has no room (WebSocketOptions::queue_bytes). True does not say that it arrived.
  bool send(std::string_view text);
  bool send_binary(std::string_view bytes);

  // Says goodbye: what was sent before still goes out, nothing after it, and on_close comes when the client
  // has answered or is gone. The codes are 1000 to 1003, 1007 to 1014 and 3000 to 4999 (RFC 6455 section
  // 7.4); any other is a bug and ends the process. Of the reason, a UTF-8 text, the first 123 bytes are
  // sent. Nothing happens when it is closing already.
  void close(uint16_t code = 1000, std::string_view reason = {});

  // Enters a room; to enter twice is to be in it once. False when the name is too long, and where it is one
  // of a WebSocketClient. It leaves all its rooms after on_close.
  bool join(std::string_view room);
  void leave(std::string_view room);
  // The same as Room(name), whether this WebSocket is in it or not.
  Room room(std::string_view name) const { return Room(name); }

  // Says to which user it belongs, any number but 0: with Dispatch::user all connections of a user have the
  // same worker from its next message on. In base mode, and with the other ways of dispatching, nothing comes
  // of it.
  void bind(uint64_t user);

  // Plain memory of at most 64 bytes that lives as long as the WebSocket, zeroed when it opens. It is made
  // when it is first asked for.
  template <State S>
  S& state() {
    return *static_cast<S*>(state_memory());
  }

 private:
  friend class ws::Link;
  explicit WebSocket(ws::Link& link) : link_(link) {}
  WebSocket(const WebSocket&) = delete;
  void* state_memory();
  ws::Link& link_;
};

// Called when a WebSocket has opened: a function of (WebSocket&) or of (WebSocket&, const Request&).
class OpenHandler : public Function<void(WebSocket&, const Request&)> {
  using Base = Function<void(WebSocket&, const Request&)>;

 public:
  OpenHandler() = default;
  OpenHandler(std::nullptr_t) {}
  template <class F>
    requires std::is_invocable_v<F&, WebSocket&, const Request&>
  OpenHandler(F callable) : Base(std::move(callable)) {}
  template <class F>
    requires(std::is_invocable_v<F&, WebSocket&> && !std::is_same_v<F, OpenHandler>)
  OpenHandler(F callable)
      : Base([held = std::move(callable)](WebSocket& ws, const Request&) mutable { held(ws); }) {}
};

// What is called for the WebSockets of a route, in the worker that owns them, in its Reactor's turn: what
// takes long holds up all connections of that worker. All may be empty. Views live until the handler returns.
struct WebSocketHandlers {
  // The request for a WebSocket is in order. To answer here refuses it; fields that are added without an
  // answer go into the answer that accepts it.
  Function<void(const Request&, Response&)> on_handshake = {};
  OpenHandler on_open = {};
  // A message, whole; a text is UTF-8. Of a kind without a handler it closes the WebSocket with 1003.
  Function<void(WebSocket&, std::string_view text)> on_message = {};
  Function<void(WebSocket&, std::string_view bytes)> on_binary = {};
  // The end, once for each WebSocket that has opened: the code and reason that the client gave, or why oklo
  // failed it; 1005 without a code, 1006 when the connection was lost (RFC 6455 section 7.1.5).
  Function<void(WebSocket&, uint16_t code, std::string_view reason)> on_close = {};
};

// What becomes of a WebSocket whose client takes its messages too slowly, when the queue is full.
enum class SlowReceiver : uint8_t {
  close_1013,   // what rooms sent and has not begun to go out is dropped, and it is closed with 1013
  drop_oldest,  // the oldest messages of rooms are dropped, or else the new one; counted in the status
};

// Sizes are bytes, times milliseconds.
struct WebSocketOptions {
  uint32_t message_bytes = 1 << 20;  // of one message that comes; a longer one closes with 1009
  uint32_t ping_ms = 30'000;   // after so long without a word a ping is sent; without an answer for as long
                               // again the connection is lost; 0: never
  uint32_t idle_ms = 0;        // without a message for so long it is closed with 1001; 0: never
  uint32_t queue_bytes = 4 << 20;  // of messages that wait to be sent; the next one finds it full; while a
                                   // 16th of it waits, the client's next message is not read
  SlowReceiver slow_receiver = SlowReceiver::close_1013;
  std::vector<std::string> origins = {};       // "https://example.org": a page of any other is refused with
                                               // 403; who names none is no browser, and passes; empty: any
                                               // (RFC 6455 section 10.2)
  bool same_origin = false;  // a page whose host and port are those that it asks (Host) passes, too, whatever
                             // they are, and with no origins no other does
  std::vector<std::string> subprotocols = {};  // the first one that the client offers and that stands here
                                               // is chosen (RFC 6455 section 1.9)
  friend bool operator==(const WebSocketOptions&, const WebSocketOptions&) = default;
};

}  // namespace oklo
