#pragma once

#include <string_view>

#include "codec/websocket_frame.h"
#include "http/exchange.h"
#include "net/connection.h"
#include "net/protocol.h"
#include "shm/scoreboard.h"
#include "ws/frame_sender.h"
#include "ws/hub.h"
#include "ws/session.h"

#include <oklo/websocket.h>

namespace oklo::ws {

// The WebSocket protocol (RFC 6455) for one route in one worker, or for one client: reads frames from
// connections, hands whole messages to the handlers, pings, keeps to the limits, says goodbye. A client masks
// what it sends and is in no rooms.
class WebSocketService final : public Protocol {
 public:
  // Where a message is handled it counts as a request that was answered.
  enum class Handled : bool { elsewhere, here };
  // All of these outlive it.
  WebSocketService(const WebSocketHandlers& handlers, const WebSocketOptions& options, Hub& hub,
                   LifeRow& life, Handled handled = Handled::here)
      : WebSocketService(handlers, options, &hub, life, handled == Handled::here) {}
  // That of a client: its messages are no requests.
  WebSocketService(const WebSocketHandlers& handlers, const WebSocketOptions& options, LifeRow& life)
      : WebSocketService(handlers, options, nullptr, life, false) {}

  // A connection that became a WebSocket, and which nobody is told of.
  void open(net::Connection& connection);
  // The same; its handler is called.
  void open(net::Connection& connection, http::Exchange& exchange);
  // One of a client. It takes over `state`, the memory of WebSocket::state or nullptr.
  using OnOpen = Function<void(WebSocket&, std::string_view subprotocol)>;
  void open(net::Connection& connection, unsigned char* state, const OnOpen& on_open,
            std::string_view subprotocol);
  // Calls the function with the WebSocket of a connection that is one.
  static void visit(net::Connection& connection, const Function<void(WebSocket&)>& function);

  void on_open(net::Connection&) override {}
  void on_data(net::Connection& connection) override;
  void on_end(net::Connection& connection) override;
  void on_drained(net::Connection& connection) override;
  void on_deadline(net::Connection& connection) override;
  void on_drain(net::Connection& connection, DrainMode mode) override;
  void on_close(net::Connection& connection, CloseReason reason) override;
  bool send_by_id(net::Connection& connection, Payload payload, std::string_view bytes) override;
  bool close_by_id(net::Connection& connection) override;

  // Hands nothing over until let_go. What comes meanwhile is read until a block is full.
  void hold(net::Connection& connection);
  void let_go(net::Connection& connection);
  // Called for each WebSocket that is gone, behind its handler.
  void on_parting(Function<void(net::Connection&)> function) { on_parting_ = std::move(function); }

  // --- for the LocalLink
  bool send(net::Connection& connection, codec::FrameOpcode opcode, std::string_view payload);
  void close(net::Connection& connection, uint16_t code, std::string_view text, CloseReason reason);
  bool join(net::Connection& connection, std::string_view room);
  void leave(net::Connection& connection, std::string_view room);

  // Queues frames that several get. No handler is called.
  static void deliver(net::Connection& connection, const BytesRef& frames);
  // Whose connection it is.
  static WebSocketService& of(net::Connection& connection) {
    return static_cast<WebSocketService&>(*connection.endpoint().protocol);
  }

 private:
  static constexpr uint32_t kStallPart = 16;  // of the queue is full: the next message is not read yet
  static constexpr uint32_t kCloseMs = 2000;  // to answer a close frame, and to close the stream behind it

  WebSocketService(const WebSocketHandlers& handlers, const WebSocketOptions& options, Hub* hub,
                   LifeRow& life, bool counts)
      : handlers_(handlers),
        options_(options),
        hub_(hub),
        life_(life),
        counts_(counts),
        frames_(hub == nullptr),
        stall_bytes_(options.queue_bytes / kStallPart) {}
  bool is_client() const { return !hub_; }
  void begin(net::Connection& connection);
  void flush_rooms() {
    if (hub_) hub_->flush();
  }

  // --- reading: these say whether there may be more to read
  bool read_frame(net::Connection& connection);
  bool judge(net::Connection& connection, const codec::FrameHeader& header);
  void read_on(net::Connection& connection);
  bool take_message(net::Connection& connection, const codec::FrameHeader& header);
  void begin_frame(net::Connection& connection, const codec::FrameHeader& header);
  bool take_piece(net::Connection& connection);
  bool take_control(net::Connection& connection, const codec::FrameHeader& header);
  bool take_close(net::Connection& connection, std::string_view payload);
  void hand_over(net::Connection& connection, codec::FrameOpcode opcode, std::string_view message);
  void unmask(std::span<char> piece, codec::FrameMask mask, uint64_t offset) const;

  // --- sending
  bool make_room(net::Connection& connection, size_t bytes);
  size_t drop_waiting(net::Connection& connection, size_t bytes);

  // --- time and the end
  void set_deadline(net::Connection& connection);
  bool fail(net::Connection& connection, uint16_t code, std::string_view text, CloseReason reason);
  void await_end(net::Connection& connection, CloseReason reason);
  void tell_closed(net::Connection& connection, uint16_t code, std::string_view text);

  const WebSocketHandlers& handlers_;
  const WebSocketOptions& options_;
  Hub* const hub_;  // nullptr: of a client
  LifeRow& life_;
  const bool counts_;
  FrameSender frames_;
  const size_t stall_bytes_;
  Function<void(net::Connection&)> on_parting_;
};

}  // namespace oklo::ws
