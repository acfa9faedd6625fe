#include <oklo/websocket_client.h>

#include <optional>
#include <utility>

#include "base/assert.h"
#include "ws/client_side.h"
#include "ws/websocket_upgrade.h"

namespace oklo {

// Made before a fork it has no side yet; each process makes its own.
struct WebSocketClient::Parts {
  WebSocketHandlers handlers;
  ws::WebSocketService::OnOpen on_open;
  WebSocketClientOptions options;
  std::optional<ws::ClientSide> side;

  ws::ClientSide& here() { return in_this_process(side, handlers, on_open, options); }
};

WebSocketClient::WebSocketClient(WebSocketClientHandlers handlers, WebSocketClientOptions options)
    : parts_(new Parts) {
  OKLO_ASSERT(ws::fault_of(options.socket).empty() && "WebSocketClient: an option is wrong");
  parts_->handlers.on_message = std::move(handlers.on_message);
  parts_->handlers.on_binary = std::move(handlers.on_binary);
  parts_->handlers.on_close = std::move(handlers.on_close);
  parts_->on_open = std::move(handlers.on_open);
  parts_->options = std::move(options);
}

WebSocketClient::~WebSocketClient() = default;

ConnectionId WebSocketClient::connect(std::string_view url, OnFailed on_failed) {
  return begin(url, nullptr, 0, std::move(on_failed));
}

ConnectionId WebSocketClient::begin(std::string_view url, const void* state, size_t bytes,
                                    OnFailed on_failed) {
  return parts_->here().connect(url, state, bytes, std::move(on_failed));
}

bool WebSocketClient::close(ConnectionId id) { return parts_->here().close(id); }

void WebSocketClient::each(const Function<void(WebSocket&)>& function) { parts_->here().each(function); }

}  // namespace oklo
