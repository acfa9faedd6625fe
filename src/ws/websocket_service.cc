#include "ws/websocket_service.h"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "ws/local_link.h"

namespace oklo::ws {

using codec::FrameHeader;
using codec::FrameOpcode;
using codec::FrameVerdict;
using Phase = Session::Phase;
using Linger = net::Connection::Linger;

namespace {

constexpr uint16_t kDone = 1000;
constexpr uint16_t kGoingAway = 1001;
constexpr uint16_t kServiceRestart = 1012;  // come again; registered with IANA beside those of RFC 6455
constexpr uint16_t kUnsupported = 1003;
constexpr uint16_t kLost = 1006;  // never sent

Session& session_of(net::Connection& connection) { return connection.session<Session>(); }

std::string_view text_of(std::span<char> bytes) { return {bytes.data(), bytes.size()}; }

uint32_t low_ms(const net::Connection& connection) {
  return static_cast<uint32_t>(connection.clock().now_ms);
}

size_t count_frames(std::string_view frames) {
  size_t count = 0;
  FrameHeader header;
  constexpr auto kReader = codec::FrameReader::client;
  for (; codec::parse_frame_header(frames, kReader, header) == FrameVerdict::fine; count++) {
    frames.remove_prefix(header.header_size);
    frames.remove_prefix(static_cast<size_t>(std::min<uint64_t>(header.payload_size, frames.size())));
  }
  return count;
}

}  // namespace

void WebSocketService::open(net::Connection& connection) {
  begin(connection);
  hub_->enter(connection);
}

void WebSocketService::open(net::Connection& connection, http::Exchange& exchange) {
  open(connection);
  if (!handlers_.on_open) return;
  LocalLink link(connection, *this);
  WebSocket socket = link.handle();
  handlers_.on_open(socket, exchange.request());
}

void WebSocketService::open(net::Connection& connection, unsigned char* state, const OnOpen& on_open,
                            std::string_view subprotocol) {
  begin(connection);
  session_of(connection).state = state;
  if (!on_open) return;
  LocalLink link(connection, *this);
  WebSocket socket = link.handle();
  on_open(socket, subprotocol);
}

void WebSocketService::begin(net::Connection& connection) {
  Session& session = *new (&session_of(connection)) Session;
  session.active_ms = low_ms(connection);
  set_deadline(connection);
}

void WebSocketService::visit(net::Connection& connection, const Function<void(WebSocket&)>& function) {
  LocalLink link(connection, of(connection));
  WebSocket socket = link.handle();
  function(socket);
}

// ---------------------------------------------------------------- what each message passes

// The deadline of a connection that waits to send is another one (Connection::set_deadline), and on_drained
// sets this one again.
inline void WebSocketService::set_deadline(net::Connection& connection) {
  uint64_t now_ms = connection.clock().now_ms;
  uint64_t at_ms = UINT64_MAX;
  if (options_.ping_ms) at_ms = now_ms + options_.ping_ms;
  if (options_.idle_ms) {
    uint32_t quiet_ms = low_ms(connection) - session_of(connection).active_ms;
    at_ms = std::min(at_ms, now_ms + options_.idle_ms - std::min(quiet_ms, options_.idle_ms));
  }
  if (at_ms != UINT64_MAX) connection.set_deadline(at_ms);
}

// A server masks nothing.
inline void WebSocketService::unmask(std::span<char> piece, codec::FrameMask mask, uint64_t offset) const {
  if (!is_client()) codec::apply_mask(piece, mask, offset);
}

// A message that is there whole is used where it lies.
[[gnu::always_inline]] inline bool WebSocketService::take_message(net::Connection& connection,
                                                                  const FrameHeader& header) {
  size_t size = static_cast<size_t>(header.payload_size);
  std::span<char> payload = connection.input().subspan(header.header_size, size);
  unmask(payload, header.mask, 0);
  if (header.opcode == FrameOpcode::text && !valid_utf8(text_of(payload)))
    return fail(connection, codec::kCloseBadText, "not UTF-8", CloseReason::protocol_error);
  hand_over(connection, header.opcode, text_of(payload));
  connection.consume(header.header_size + size);
  return true;
}

inline void WebSocketService::hand_over(net::Connection& connection, FrameOpcode opcode,
                                        std::string_view message) {
  Session& session = session_of(connection);
  if (session.phase != Phase::open) return;
  session.active_ms = low_ms(connection);
  auto& handler = opcode == FrameOpcode::text ? handlers_.on_message : handlers_.on_binary;
  if (!handler) {
    fail(connection, kUnsupported, "this kind of message is not taken here", CloseReason::protocol_error);
    return;
  }
  connection.row().requests++;
  if (counts_) life_.requests.add(1);
  LocalLink link(connection, *this);
  WebSocket socket = link.handle();
  handler(socket, message);
}

// ---------------------------------------------------------------- events

void WebSocketService::on_data(net::Connection& connection) {
  Session& session = session_of(connection);
  session.pinged = false;
  if (session.held) return connection.pause_reading();
  while (!connection.input().empty() && connection.open() && !session.stalled && !session.held) {
    FrameHeader header;
    bool is_short = !session.partial && !is_client() &&
                    codec::parse_short_message(text_of(connection.input()), header);
    if (!(is_short ? take_message(connection, header) : read_frame(connection))) break;
    if (connection.queued() <= stall_bytes_) continue;
    session.stalled = true;
    connection.pause_reading();
  }
  if (session.phase == Phase::open) set_deadline(connection);
}

void WebSocketService::on_end(net::Connection& connection) {
  Session& session = session_of(connection);
  if (session.stalled || session.held) return;
  CloseReason reason = session.phase == Phase::open ? CloseReason::peer_closed : session.reason;
  session.phase = Phase::closed;
  connection.close(reason, Linger::no);
}

void WebSocketService::on_drained(net::Connection& connection) {
  Session& session = session_of(connection);
  if (session.phase == Phase::open) set_deadline(connection);
  else connection.set_deadline(connection.clock().now_ms + kCloseMs);
  if (!session.stalled) return;
  session.stalled = false;
  read_on(connection);
}

void WebSocketService::read_on(net::Connection& connection) {
  connection.resume_reading();
  on_data(connection);
  if (connection.peer_finished()) on_end(connection);
}

void WebSocketService::hold(net::Connection& connection) { session_of(connection).held = true; }

void WebSocketService::let_go(net::Connection& connection) {
  Session& session = session_of(connection);
  bool was_held = session.held;
  session.held = false;
  if (!was_held || session.stalled || !connection.open()) return;
  if (!connection.input().empty() || connection.peer_finished()) read_on(connection);
}

void WebSocketService::on_deadline(net::Connection& connection) {
  Session& session = session_of(connection);
  if (session.phase != Phase::open) return connection.close(session.reason, Linger::no);
  uint32_t quiet_ms = low_ms(connection) - session.active_ms;
  if (options_.idle_ms && quiet_ms >= options_.idle_ms)
    return close(connection, kGoingAway, "idle", CloseReason::idle_timeout);
  if (!options_.ping_ms) return;
  if (session.held) return set_deadline(connection);
  if (session.pinged) return connection.abort(CloseReason::idle_timeout);
  session.pinged = true;
  frames_.send_control(connection, FrameOpcode::ping, {});
  set_deadline(connection);
}

// After a reload a WebSocket stays with its worker until that says farewell.
void WebSocketService::on_drain(net::Connection& connection, DrainMode mode) {
  if (mode == DrainMode::farewell) close(connection, kServiceRestart, {}, CloseReason::drained);
  if (mode == DrainMode::stop) close(connection, kGoingAway, {}, CloseReason::drained);
}

void WebSocketService::on_close(net::Connection& connection, CloseReason) {
  Session& session = session_of(connection);
  session.phase = Phase::closed;
  tell_closed(connection, session.code ? session.code : kLost, {});
  if (hub_) hub_->exit(connection);
  if (on_parting_) on_parting_(connection);
  delete session.partial;
  delete[] session.state;
}

bool WebSocketService::send_by_id(net::Connection& connection, Payload payload, std::string_view bytes) {
  return send(connection, payload == Payload::text ? FrameOpcode::text : FrameOpcode::binary, bytes);
}

bool WebSocketService::close_by_id(net::Connection& connection) {
  if (session_of(connection).phase != Phase::open) return false;
  close(connection, kDone, {}, CloseReason::finished);
  return true;
}

// ---------------------------------------------------------------- reading

// One frame, or a piece of one, from the front of the input. A client that waits for the end of the stream
// throws away what still comes.
bool WebSocketService::read_frame(net::Connection& connection) {
  Session& session = session_of(connection);
  if (session.phase == Phase::closed) {
    connection.consume(connection.input().size());
    return false;
  }
  if (session.partial && session.partial->left > 0) return take_piece(connection);
  std::string_view input = text_of(connection.input());
  FrameHeader header;
  auto reader = is_client() ? codec::FrameReader::client : codec::FrameReader::server;
  FrameVerdict verdict = codec::parse_frame_header(input, reader, header);
  if (verdict == FrameVerdict::more) return false;
  if (verdict != FrameVerdict::fine) {
    codec::FrameRefusal refusal = codec::refusal_of(verdict);
    return fail(connection, refusal.close_code, refusal.reason, CloseReason::protocol_error);
  }
  bool whole = header.payload_size <= input.size() - header.header_size;
  if (codec::is_control(header.opcode)) return whole && take_control(connection, header);
  if (!judge(connection, header)) return false;
  if (whole && header.fin && !session.partial) return take_message(connection, header);
  begin_frame(connection, header);
  return take_piece(connection);
}

// How the frame follows the one before, and what it adds to the message (RFC 6455 section 5.4).
inline bool WebSocketService::judge(net::Connection& connection, const FrameHeader& header) {
  const PartialMessage* partial = session_of(connection).partial;
  bool continues = header.opcode == FrameOpcode::continuation;
  if (continues != (partial != nullptr)) {
    std::string_view what = continues ? "continuation of nothing" : "message within a message";
    return fail(connection, codec::kCloseProtocolError, what, CloseReason::protocol_error);
  }
  size_t before = partial ? partial->bytes.size() : 0;
  if (header.payload_size <= options_.message_bytes - before) return true;
  return fail(connection, codec::kCloseTooBig, "message too big", CloseReason::message_too_big);
}

void WebSocketService::begin_frame(net::Connection& connection, const FrameHeader& header) {
  Session& session = session_of(connection);
  if (!session.partial) {
    session.partial = new PartialMessage;
    session.partial->opcode = header.opcode;
  }
  PartialMessage& partial = *session.partial;
  partial.left = header.payload_size;
  partial.offset = 0;
  partial.mask = header.mask;
  partial.fin = header.fin;
  connection.consume(header.header_size);
}

// What has come of a frame. A text that can't become UTF-8 any more fails at once (RFC 6455 section 8.1).
bool WebSocketService::take_piece(net::Connection& connection) {
  Session& session = session_of(connection);
  PartialMessage& partial = *session.partial;
  size_t size = static_cast<size_t>(std::min<uint64_t>(partial.left, connection.input().size()));
  std::span<char> piece = connection.input().first(size);
  unmask(piece, partial.mask, partial.offset);
  bool text = partial.opcode == FrameOpcode::text;
  bool last = partial.fin && size == partial.left;
  if (text && (!partial.utf8.feed(text_of(piece)) || (last && !partial.utf8.finish())))
    return fail(connection, codec::kCloseBadText, "not UTF-8", CloseReason::protocol_error);
  partial.bytes.append(text_of(piece));
  partial.offset += size;
  partial.left -= size;
  connection.consume(size);
  if (partial.left > 0) return false;
  if (!partial.fin) return true;
  std::unique_ptr<PartialMessage> message(std::exchange(session.partial, nullptr));
  hand_over(connection, message->opcode, message->bytes);
  return true;
}

bool WebSocketService::take_control(net::Connection& connection, const FrameHeader& header) {
  size_t size = static_cast<size_t>(header.payload_size);
  std::span<char> payload = connection.input().subspan(header.header_size, size);
  unmask(payload, header.mask, 0);
  if (header.opcode == FrameOpcode::close) return take_close(connection, text_of(payload));
  bool answers = header.opcode == FrameOpcode::ping && session_of(connection).phase == Phase::open;
  if (answers) frames_.send_control(connection, FrameOpcode::pong, text_of(payload));
  connection.consume(header.header_size + size);
  return true;
}

// The closing handshake is done, whoever began it (RFC 6455 section 5.5.1). The server closes the stream
// first, and the client waits for that (section 7.1.1).
bool WebSocketService::take_close(net::Connection& connection, std::string_view payload) {
  Session& session = session_of(connection);
  codec::CloseReason said;
  FrameVerdict verdict = codec::parse_close_payload(payload, said);
  if (verdict != FrameVerdict::fine) {
    codec::FrameRefusal refusal = codec::refusal_of(verdict);
    return fail(connection, refusal.close_code, refusal.reason, CloseReason::protocol_error);
  }
  flush_rooms();
  CloseReason reason = session.phase == Phase::closing ? session.reason : CloseReason::peer_closed;
  if (session.phase == Phase::open) frames_.send_close(connection, said.code, {});
  session.phase = Phase::closed;
  tell_closed(connection, said.code, said.text);
  if (is_client()) await_end(connection, reason);
  else connection.close(reason, Linger::yes);
  return false;
}

void WebSocketService::await_end(net::Connection& connection, CloseReason reason) {
  session_of(connection).reason = reason;
  connection.consume(connection.input().size());
  connection.set_deadline(connection.clock().now_ms + kCloseMs);
}

// ---------------------------------------------------------------- sending

bool WebSocketService::send(net::Connection& connection, FrameOpcode opcode, std::string_view payload) {
  flush_rooms();
  if (session_of(connection).phase != Phase::open || !connection.open()) return false;
  size_t wanted = payload.size() + codec::kFrameHeaderBytesMax;
  if (connection.queued() + wanted > options_.queue_bytes && !make_room(connection, wanted)) {
    if (options_.slow_receiver == SlowReceiver::drop_oldest) life_.messages_dropped.add(1);
    return false;
  }
  frames_.send(connection, opcode, payload);
  return true;
}

void WebSocketService::deliver(net::Connection& connection, const BytesRef& frames) {
  if (session_of(connection).phase != Phase::open || !connection.open()) return;
  WebSocketService& service = of(connection);
  size_t size = frames.view().size();
  if (connection.queued() + size <= service.options_.queue_bytes || service.make_room(connection, size))
    connection.send_shared(frames, frames.view());
  else if (service.options_.slow_receiver == SlowReceiver::drop_oldest)
    service.life_.messages_dropped.add(count_frames(frames.view()));
}

// Whether so much may be queued now. Handlers are not called from here: others may be under way.
bool WebSocketService::make_room(net::Connection& connection, size_t bytes) {
  Session& session = session_of(connection);
  if (options_.slow_receiver == SlowReceiver::drop_oldest) {
    size_t too_much = connection.queued() + bytes - options_.queue_bytes;
    life_.messages_dropped.add(drop_waiting(connection, too_much));
    return connection.queued() + bytes <= options_.queue_bytes;
  }
  drop_waiting(connection, SIZE_MAX);
  frames_.send_close(connection, codec::kCloseTryLater, "too slow");
  session.phase = Phase::closed;
  session.code = codec::kCloseTryLater;
  connection.close(CloseReason::queue_full, Linger::yes);
  return false;
}

// How many messages were dropped.
size_t WebSocketService::drop_waiting(net::Connection& connection, size_t bytes) {
  size_t messages = 0;
  connection.drop_shared(bytes, [&messages](std::string_view frames) { messages += count_frames(frames); });
  return messages;
}

// ---------------------------------------------------------------- the end

void WebSocketService::close(net::Connection& connection, uint16_t code, std::string_view text,
                             CloseReason reason) {
  flush_rooms();
  Session& session = session_of(connection);
  if (session.phase != Phase::open || !connection.open()) return;
  frames_.send_close(connection, code, text);
  session.phase = Phase::closing;
  session.reason = reason;
  connection.set_deadline(connection.clock().now_ms + kCloseMs);
}

// The client broke a rule: the close frame says which, and its answer is not awaited (RFC 6455 section
// 7.1.7).
bool WebSocketService::fail(net::Connection& connection, uint16_t code, std::string_view text,
                            CloseReason reason) {
  flush_rooms();
  Session& session = session_of(connection);
  if (session.phase == Phase::open) frames_.send_close(connection, code, text);
  session.phase = Phase::closed;
  tell_closed(connection, code, text);
  connection.close(reason, Linger::yes);
  return false;
}

void WebSocketService::tell_closed(net::Connection& connection, uint16_t code, std::string_view text) {
  Session& session = session_of(connection);
  if (session.told || !handlers_.on_close) return;
  session.told = true;
  LocalLink link(connection, *this);
  WebSocket socket = link.handle();
  handlers_.on_close(socket, code, text);
}

bool WebSocketService::join(net::Connection& connection, std::string_view room) {
  return hub_ && hub_->join(connection, room);
}

void WebSocketService::leave(net::Connection& connection, std::string_view room) {
  if (hub_) hub_->leave(connection, room);
}

}  // namespace oklo::ws
