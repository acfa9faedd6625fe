#include "ws/client_side.h"

#include <cstring>
#include <string>
#include <utility>

#include "base/number.h"
#include "codec/http_reply.h"
#include "net/host_names.h"

namespace oklo::ws {

using Linger = net::Connection::Linger;

namespace {

std::string_view words_for(CloseReason reason) {
  switch (reason) {
    case CloseReason::peer_reset: return "the connection was reset";
    case CloseReason::write_stalled: return "the server does not take the request";
    case CloseReason::no_memory: return "there is no memory for the connection";
    case CloseReason::drained:
    case CloseReason::aborted: return "this process leaves";
    default: return "the connection was closed";
  }
}

}  // namespace

ClientSide::ClientSide(const WebSocketHandlers& handlers, const WebSocketService::OnOpen& on_open,
                       const WebSocketClientOptions& options, Connector& connector)
    : ClientInProcess(connector),
      handle_open_(on_open),
      options_(options),
      service_(handlers, options.socket, connector.pool().life()),
      endpoint_(connector.pool().make_endpoint(*this)),
      service_endpoint_(connector.pool().make_endpoint(service_)) {
  connector_.use_names(host_names());
  // It is reached by its id when it is open.
  endpoint_.kind = ConnectionKind::http_client;
  service_endpoint_.kind = ConnectionKind::websocket_client;
  endpoint_.queue_bytes_max = service_endpoint_.queue_bytes_max = UINT32_MAX;
}

ClientSide::~ClientSide() {
  if (!current()) return;
  bool idle = being_opened_ == 0 && ids_at(service_endpoint_).empty();
  OKLO_ASSERT(idle && "a WebSocketClient must live as long as its WebSockets");
}

// ---------------------------------------------------------------- asking

codec::WebSocketKey ClientSide::make_key() {
  char bytes[16];
  for (size_t at = 0; at < sizeof bytes; at += sizeof(uint64_t)) {
    uint64_t number = random_.number();
    std::memcpy(bytes + at, &number, sizeof number);
  }
  return codec::websocket_key(bytes);
}

ConnectionId ClientSide::connect(std::string_view url, const void* state, size_t bytes,
                                 WebSocketClient::OnFailed on_failed) {
  auto opening = std::make_unique<Opening>();
  opening->url = url;
  opening->on_failed = std::move(on_failed);
  opening->key = make_key();
  if (state) {
    opening->state.reset(new unsigned char[kStateBytes]());
    std::memcpy(opening->state.get(), state, bytes);
  }
  being_opened_++;
  std::string fault = write_handshake(*opening, options_);
  if (!fault.empty()) {
    reactor().post([this, opening = std::move(opening), why = std::move(fault)] {
      tell_failed(*opening, why);
    });
    return {};
  }
  std::string server = opening->server;
  auto done = [this, opening = std::move(opening)](ConnectionId id,
                                                   Result<Connector::Connected> outcome) mutable {
    take_connection(std::move(opening), id, std::move(outcome));
  };
  return connector_.connect(server, options_.connect_ms, {}, std::move(done));
}

bool ClientSide::close(ConnectionId id) {
  if (connector_.cancel(id)) {
    being_opened_--;
    return true;
  }
  net::Connection* connection = connector_.pool().find(id);
  if (!connection) return false;
  if (&connection->endpoint() == &service_endpoint_) return service_.close_by_id(*connection);
  if (&connection->endpoint() != &endpoint_ || !connection->open()) return false;
  opening_of(*connection)->on_failed = nullptr;
  connection->abort(CloseReason::finished);
  return true;
}

void ClientSide::take_connection(std::unique_ptr<Opening> opening, ConnectionId id,
                                 Result<Connector::Connected> outcome) {
  if (!outcome) return tell_failed(*opening, outcome.error().text);
  opening_ = std::move(opening);
  connector_.pool().open_client(id, endpoint_, std::move(outcome->socket), outcome->peer);
}

// ---------------------------------------------------------------- the handshake

void ClientSide::on_open(net::Connection& connection) {
  Opening*& opening = opening_of(connection);
  opening = opening_.release();
  opening->deadline_ms = connection.clock().now_ms + options_.handshake_ms;
  connection.row().requests++;
  connection.send(opening->request);
  connection.set_deadline(opening->deadline_ms);
}

void ClientSide::on_data(net::Connection& connection) {
  codec::ReplyHead head;
  codec::ReplyOutcome outcome = codec::parse_reply_head(connection.input(), head);
  if (outcome.kind == codec::ReplyOutcome::Kind::need_more) return;
  if (outcome.kind == codec::ReplyOutcome::Kind::bad) return fail(connection, outcome.reason);
  // What comes before the answer that counts (RFC 9110 section 15.2).
  if (head.status < 200 && head.status != 101) {
    connection.consume(head.size);
    return connection.input().empty() ? void() : on_data(connection);
  }
  std::string_view subprotocol;
  std::string fault = judge_answer(*opening_of(connection), head, options_, subprotocol);
  if (!fault.empty()) return fail(connection, fault);
  accept(connection, head.size, subprotocol);
}

// From here on it is the service's.
void ClientSide::accept(net::Connection& connection, size_t head_bytes, std::string_view subprotocol) {
  std::unique_ptr<Opening> opening(opening_of(connection));
  being_opened_--;
  connection.change_endpoint(service_endpoint_);
  connection.consume(head_bytes);
  service_.open(connection, opening->state.release(), handle_open_, subprotocol);
  if (connection.open() && !connection.input().empty()) service_.on_data(connection);
}

void ClientSide::on_end(net::Connection& connection) { fail(connection, "the connection was closed"); }

// The deadline was that of the write stall.
void ClientSide::on_drained(net::Connection& connection) {
  connection.set_deadline(opening_of(connection)->deadline_ms);
}

void ClientSide::on_deadline(net::Connection& connection) {
  fail(connection, "no answer within " + decimal(options_.handshake_ms) + " ms");
}

void ClientSide::on_drain(net::Connection& connection, DrainMode) { connection.abort(CloseReason::drained); }

// Whoever has been told already hears nothing more.
void ClientSide::on_close(net::Connection& connection, CloseReason reason) {
  std::unique_ptr<Opening> opening(std::exchange(opening_of(connection), nullptr));
  tell_failed(*opening, "no WebSocket from " + opening->server + ": " + std::string(words_for(reason)));
}

// ---------------------------------------------------------------- the end

void ClientSide::fail(net::Connection& connection, std::string_view why) {
  Opening& opening = *opening_of(connection);
  WebSocketClient::OnFailed on_failed = std::exchange(opening.on_failed, nullptr);
  connection.abort(CloseReason::protocol_error);
  if (on_failed) on_failed(opening.url, "no WebSocket from " + opening.server + ": " + std::string(why));
}

void ClientSide::tell_failed(Opening& opening, std::string_view why) {
  being_opened_--;
  if (opening.on_failed) opening.on_failed(opening.url, why);
}

void ClientSide::each(const Function<void(WebSocket&)>& function) {
  for (ConnectionId id : ids_at(service_endpoint_)) {
    net::Connection* connection = connector_.pool().find(id);
    if (connection && connection->open()) WebSocketService::visit(*connection, function);
  }
}

}  // namespace oklo::ws
