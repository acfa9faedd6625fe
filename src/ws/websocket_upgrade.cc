#include "ws/websocket_upgrade.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/ascii.h"
#include "codec/characters.h"
#include "codec/websocket_handshake.h"
#include "http/route_table.h"

#include <oklo/router.h>

namespace oklo::ws {

namespace {

// Whether an origin, which leaves out the usual port of its scheme (RFC 6454 section 6.2), names this host.
// The scheme tells nothing: TLS may end in front of the server.
bool is_origin_of(std::string_view origin, std::string_view host) {
  size_t end = origin.find("://");
  if (end == origin.npos || host.empty()) return false;
  std::string_view port = origin.substr(0, end) == "https" ? ":443" : ":80";
  if (host.ends_with(port)) host.remove_suffix(port.size());
  return equal_ignoring_case(origin.substr(end + 3), host);
}

// RFC 9110 sections 15.5.6 and 15.5.22, RFC 6455 section 4.4.
void refuse(http::Exchange& exchange, int status) {
  if (status == 405) exchange.add_field("Allow", "GET");
  if (status == 426) {
    exchange.add_field("Upgrade", "websocket");
    exchange.add_field("Sec-WebSocket-Version", codec::kWebSocketVersion);
    if (exchange.keep_alive) exchange.add_field("Connection", "Upgrade");
  }
  exchange.fail(status);
}

constexpr uint32_t kQueueBytesMin = 1024;

// Scheme, host and perhaps port, and nothing behind them (RFC 6454 section 6.2).
bool is_origin(std::string_view text) {
  if (text == "null") return true;
  size_t colon = text.find("://");
  if (colon == text.npos || colon == 0) return false;
  std::string_view host = text.substr(colon + 3);
  return !host.empty() && host.find('/') == host.npos;
}

}  // namespace

Endpoint websocket_endpoint(const Endpoint& base, Protocol& protocol) {
  Endpoint made = base;
  made.protocol = &protocol;
  made.kind = ConnectionKind::websocket;
  made.queue_bytes_max = UINT32_MAX;
  return made;
}

WebSocketUpgrade::WebSocketUpgrade(const WebSocketHandlers& handlers, const WebSocketOptions& options,
                                   const Endpoint& base)
    : handlers_(handlers),
      options_(options),
      service_(handlers, options, Hub::here(), *base.life),
      endpoint_(websocket_endpoint(base, service_)) {}

// Browsers always say where a page comes from; who says nothing is no browser.
bool WebSocketUpgrade::origin_allowed(http::Exchange& exchange) const {
  std::string_view origin = exchange.request().header("Origin");
  bool any = options_.origins.empty() && !options_.same_origin;
  if (any || origin.empty()) return true;
  if (options_.same_origin && is_origin_of(origin, exchange.request().host())) return true;
  return std::find(options_.origins.begin(), options_.origins.end(), origin) != options_.origins.end();
}

bool WebSocketUpgrade::accept(http::Exchange& exchange) {
  codec::HandshakeVerdict verdict = codec::check_websocket_request(exchange.head);
  int status = verdict.status;
  if (status == 101 && !origin_allowed(exchange)) status = 403;
  if (status == 101 && !exchange.keep_alive) status = 503;  // The worker leaves: another one is there.
  if (status != 101) {
    refuse(exchange, status);
    return false;
  }
  if (handlers_.on_handshake) {
    Response response = exchange.response();
    handlers_.on_handshake(exchange.request(), response);
    if (exchange.begun) return false;
  }
  std::vector<std::string_view> spoken(options_.subprotocols.begin(), options_.subprotocols.end());
  std::string_view chosen = codec::choose_subprotocol(exchange.head, spoken);
  if (!chosen.empty()) exchange.add_field("Sec-WebSocket-Protocol", chosen);
  std::string_view key = exchange.head.field(codec::FieldId::sec_websocket_key);
  codec::WebSocketAccept proof = codec::websocket_accept(key);
  exchange.add_field("Sec-WebSocket-Accept", {proof.data(), proof.size()});
  return true;
}

std::string WebSocketMaker::fault() const {
  if (!handlers_.on_open && !handlers_.on_message && !handlers_.on_binary)
    return "on_message, on_binary or on_open is missing";
  return fault_of(options_);
}

std::string fault_of(const WebSocketOptions& options) {
  if (options.message_bytes == 0) return "message_bytes must be at least 1";
  if (options.queue_bytes < kQueueBytesMin) return "queue_bytes must be at least 1024";
  for (const std::string& origin : options.origins)
    if (!is_origin(origin)) return "\"" + origin + "\" is no origin, as \"https://example.org\" is one";
  for (const std::string& name : options.subprotocols)
    if (!codec::is_token(name)) return "\"" + name + "\" is no name of a subprotocol";
  return {};
}

}  // namespace oklo::ws

namespace oklo {

Router& Router::websocket(std::string_view pattern, WebSocketHandlers handlers, WebSocketOptions options) {
  table_->add_upgrade(pattern,
                      std::make_unique<ws::WebSocketMaker>(std::move(handlers), std::move(options)));
  return *this;
}

}  // namespace oklo
