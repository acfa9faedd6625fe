#pragma once

#include <memory>

#include "gate/http_requests.h"
#include "gate/worker_end.h"
#include "http/upgrade.h"
#include "net/posted_connection.h"
#include "shm/connection_states.h"
#include "ws/link.h"
#include "ws/websocket_upgrade.h"

namespace oklo::gate {

// The WebSockets of one route in a worker of process mode: judges who may open one, and runs the handlers.
class WsWorker final : public http::Upgrade {
 public:
  // The maker is that of the route with this number; `base` is the endpoint of the listener's requests. All
  // outlive it.
  WsWorker(const ws::WebSocketMaker& maker, uint32_t route, const Endpoint& base, WorkerContext& context,
           WorkerEnd& end, HttpRequests& requests);

  std::string_view token() const override { return judge_.token(); }
  bool accept(http::Exchange& exchange) override { return judge_.accept(exchange); }
  Endpoint& endpoint() override { return endpoint_; }
  void open(net::Connection& connection, http::Exchange& exchange) override;

  // A reactor thread tells of one.
  void on_told(uint32_t thread, const codec::WireRecord& record);

 private:
  // What the request becomes: nothing happens to it any more.
  class Over final : public Protocol {
   public:
    void on_open(net::Connection&) override {}
    void on_data(net::Connection&) override {}
    void on_end(net::Connection&) override {}
    void on_drained(net::Connection&) override {}
    void on_deadline(net::Connection&) override {}
    void on_drain(net::Connection&, DrainMode) override {}
    void on_close(net::Connection&, CloseReason) override {}
  };

  const WebSocketHandlers& handlers_;
  const WebSocketOptions& options_;
  ws::WebSocketUpgrade judge_;
  uint32_t route_;
  WorkerContext& context_;
  WorkerEnd& end_;
  HttpRequests& requests_;
  Over over_;
  Endpoint endpoint_;
};

// The Link to a WebSocket that a reactor thread of the gate owns. Made on the stack for each call.
class RemoteSocket final : public ws::Link {
 public:
  RemoteSocket(ConnectionId id, uint32_t thread, uint8_t listener, const WebSocketOptions& options,
               WorkerContext& context, WorkerEnd& end)
      : id_(id), thread_(thread), listener_(listener), options_(options), context_(context), end_(end) {}

  // It has ended.
  void end_sending() { sends_ = false; }

  ConnectionId id() const override { return id_; }
  std::string peer() const override;
  bool send(codec::FrameOpcode opcode, std::string_view payload) override;
  void close(uint16_t code, std::string_view reason) override;
  bool join(std::string_view room) override;
  void leave(std::string_view room) override { say(Said::ws_leave, 0, room); }
  void bind(uint64_t user) override { context_.states->bind(id_, user); }
  void* state() override { return context_.states->memory(id_); }

 private:
  const ConnectionRow& row() const { return context_.connections->row(id_.row); }
  bool is_there() const;
  bool has_room(size_t bytes);
  void say(Said type, uint16_t flags, std::string_view bytes);

  ConnectionId id_;
  uint32_t thread_;
  uint8_t listener_;
  const WebSocketOptions& options_;
  WorkerContext& context_;
  WorkerEnd& end_;
  size_t sent_ = 0;    // bytes, in this call
  bool sends_ = true;  // as far as this one was told
};

}  // namespace oklo::gate
