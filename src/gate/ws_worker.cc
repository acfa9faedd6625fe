#include "gate/ws_worker.h"

#include <cstring>

#include "sys/address.h"

#include <oklo/room.h>

namespace oklo::gate {

WsWorker::WsWorker(const ws::WebSocketMaker& maker, uint32_t route, const Endpoint& base,
                   WorkerContext& context, WorkerEnd& end, HttpRequests& requests)
    : handlers_(maker.handlers()),
      options_(maker.options()),
      judge_(maker.handlers(), maker.options(), base),
      route_(route),
      context_(context),
      end_(end),
      requests_(requests),
      endpoint_(ws::websocket_endpoint(base, over_)) {}

// The answer goes first, then that it is a WebSocket, then what the handler says to it.
void WsWorker::open(net::Connection& connection, http::Exchange& exchange) {
  static_cast<net::PostedConnection&>(connection).hand_on();
  ConnectionId id = connection.id();
  uint32_t thread = requests_.thread_of(id);
  end_.say_together(thread, Said::http_upgrade, id, endpoint_.listener, 0, route_, {});
  if (Relay* relay = Relay::current()) relay->expect(id);
  if (!handlers_.on_open) return;
  RemoteSocket link(id, thread, endpoint_.listener, options_, context_, end_);
  WebSocket socket = link.handle();
  handlers_.on_open(socket, exchange.request());
}

void WsWorker::on_told(uint32_t thread, const codec::WireRecord& record) {
  RemoteSocket link(connection_id(record.connection), thread, record.listener, options_, context_, end_);
  WebSocket socket = link.handle();
  switch (static_cast<Told>(record.type)) {
    case Told::ws_text:
      context_.row->requests.add(1);
      return handlers_.on_message(socket, record.bytes);
    case Told::ws_binary:
      context_.row->requests.add(1);
      return handlers_.on_binary(socket, record.bytes);
    case Told::ws_closed: {
      uint16_t code = 0;
      if (record.bytes.size() < sizeof code || !handlers_.on_close) return;
      std::memcpy(&code, record.bytes.data(), sizeof code);
      link.end_sending();
      return handlers_.on_close(socket, code, record.bytes.substr(sizeof code));
    }
    default: return;
  }
}

// ---------------------------------------------------------------- the WebSocket in their hands

std::string RemoteSocket::peer() const { return sys::peer_host(row().ip_of_peer()); }

// It may be on its way from HTTP, and the gate does not know yet; when it is gone its row says so.
bool RemoteSocket::is_there() const {
  return row().generation.load(std::memory_order_relaxed) == id_.generation &&
         row().kind != ConnectionKind::none;
}

// What was sent to rooms before stands before it.
void RemoteSocket::say(Said type, uint16_t flags, std::string_view bytes) {
  ws::Hub::here().flush();
  if (is_there()) end_.say(thread_, type, id_, listener_, flags, bytes);
}

bool RemoteSocket::send(codec::FrameOpcode opcode, std::string_view payload) {
  if (!sends_ || !is_there() || payload.size() > Wire::kRecordBytesMax || !has_room(payload.size()))
    return false;
  say(opcode == codec::FrameOpcode::text ? Said::ws_send_text : Said::ws_send_binary, 0, payload);
  return true;
}

// The gate has not seen yet what is sent in one call: this alone keeps that within the bound of the queue.
bool RemoteSocket::has_room(size_t bytes) {
  sent_ += bytes + codec::kFrameHeaderBytesMax;
  if (sent_ <= options_.queue_bytes) return true;
  sent_ -= bytes + codec::kFrameHeaderBytesMax;
  if (options_.slow_receiver == SlowReceiver::drop_oldest) context_.row->messages_dropped.add(1);
  else close(codec::kCloseTryLater, "too slow");
  return false;
}

void RemoteSocket::close(uint16_t code, std::string_view reason) {
  if (sends_) say(Said::ws_close, code, reason);
  sends_ = false;
}

bool RemoteSocket::join(std::string_view room) {
  if (room.size() > Room::kNameBytesMax) return false;
  say(Said::ws_join, 0, room);
  return true;
}

}  // namespace oklo::gate
