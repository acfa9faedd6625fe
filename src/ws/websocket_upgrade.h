#pragma once

#include <memory>
#include <string>

#include "http/upgrade.h"
#include "ws/websocket_service.h"

#include <oklo/websocket.h>

namespace oklo::ws {

// What the WebSockets of a listener of HTTP have, whose requests have `base`. How much may wait to be sent is
// judged by the service, which can say why it ends a connection.
Endpoint websocket_endpoint(const Endpoint& base, Protocol& protocol);

// The way from HTTP to a WebSocket (RFC 6455 section 4.2), for one route in one worker.
class WebSocketUpgrade final : public http::Upgrade {
 public:
  // Handlers and options outlive it.
  WebSocketUpgrade(const WebSocketHandlers& handlers, const WebSocketOptions& options, const Endpoint& base);

  std::string_view token() const override { return "websocket"; }
  bool accept(http::Exchange& exchange) override;
  Endpoint& endpoint() override { return endpoint_; }
  void open(net::Connection& connection, http::Exchange& exchange) override {
    service_.open(connection, exchange);
  }

 private:
  bool origin_allowed(http::Exchange& exchange) const;

  const WebSocketHandlers& handlers_;
  const WebSocketOptions& options_;
  WebSocketService service_;
  Endpoint endpoint_;
};

// What is wrong with them, for whoever wrote them; empty: nothing.
std::string fault_of(const WebSocketOptions& options);

// What a route with WebSockets keeps.
class WebSocketMaker final : public http::UpgradeMaker {
 public:
  WebSocketMaker(WebSocketHandlers handlers, WebSocketOptions options)
      : handlers_(std::move(handlers)), options_(std::move(options)) {}
  std::string fault() const override;
  std::unique_ptr<http::Upgrade> make(const Endpoint& base) override {
    return std::make_unique<WebSocketUpgrade>(handlers_, options_, base);
  }

  const WebSocketHandlers& handlers() const { return handlers_; }
  const WebSocketOptions& options() const { return options_; }

 private:
  WebSocketHandlers handlers_;
  WebSocketOptions options_;
};

}  // namespace oklo::ws
