#include "stream/stream_service.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include "codec/stream_framing.h"
#include "stream/local_link.h"

namespace oklo::stream {

using codec::FramedMessage;
using Linger = net::Connection::Linger;

namespace {

StreamSession& session_of(net::Connection& connection) { return connection.session<StreamSession>(); }

std::string_view input_of(const net::Connection& connection) {
  std::span<char> input = connection.input();
  return {input.data(), input.size()};
}

// A stream that can't be read on is closed.
void refuse(net::Connection& connection, FramedMessage::State state) {
  CloseReason reason = state == FramedMessage::State::too_long ? CloseReason::message_too_big
                                                               : CloseReason::protocol_error;
  connection.close(reason, Linger::yes);
}

}  // namespace

StreamService::StreamService(const StreamHandlers& handlers, const StreamOptions& options, Reactor& reactor,
                             LifeRow& life, unsigned worker, Pace pace)
    : handlers_(handlers),
      options_(options),
      reactor_(reactor),
      life_(life),
      worker_(worker),
      plain_(options.framing.kind == StreamFraming::Kind::none && options.idle_time_ms == 0 &&
             pace == Pace::free) {}

const char* StreamService::fault(const StreamHandlers& handlers, const StreamOptions& options) {
  if (!handlers.on_receive) return "on_receive is missing";
  if (options.write_stall_ms == 0) return "write_stall_ms must be at least 1";
  if (options.queue_bytes == 0) return "queue_bytes must be at least 1";
  if (options.low_water > options.high_water) return "low_water must not be above high_water";
  if (options.keepalive_s > 32767) return "keepalive_s must be at most 32767";
  if (options.backlog == 0 || options.backlog > INT32_MAX) return "backlog must be from 1 to 2147483647";
  return codec::framing_fault(options.framing);
}

// The handle lives as long as the call.
template <class... Args>
inline void StreamService::call(const Function<void(Connection&, Args...)>& handler,
                                net::Connection& connection, Args... args) {
  LocalLink link(connection, *this);
  Connection handle = link.handle();
  handler(handle, args...);
  if (filled(connection)) high_water_passed(connection);
}

template <class... Args>
void StreamService::call_if_any(const Function<void(Connection&, Args...)>& handler,
                                net::Connection& connection, Args... args) {
  if (handler) call(handler, connection, args...);
}

[[gnu::always_inline]] inline void StreamService::hand_over(net::Connection& connection,
                                                            std::string_view payload) {
  connection.row().requests++;
  life_.requests.add(1);
  call(handlers_.on_receive, connection, payload);
}

// Without framing.
inline void StreamService::pass_on(net::Connection& connection) {
  hand_over(connection, connection.whole_input());
  connection.consume_all();
}

[[gnu::noinline]] void StreamService::high_water_passed(net::Connection& connection) {
  session_of(connection).filled = false;
  if (!connection.open() || std::exchange(session_of(connection).above, true)) return;
  connection.tell_next_drain();  // It may all go out at the first try.
  call_if_any(handlers_.on_buffer_full, connection);
}

void* StreamService::state_of(net::Connection& connection) {
  StreamSession& session = session_of(connection);
  if (!session.state) session.state = &states_.insert();
  return session.state->memory();
}

// ---------------------------------------------------------------- events

void StreamService::on_open(net::Connection& connection) {
  new (&session_of(connection)) StreamSession;
  if (first_state_) std::memcpy(state_of(connection), first_state_, kStateBytes);
  if (handlers_.on_sent) connection.tell_each_drain();
  await_more(connection);
  call_if_any(handlers_.on_connect, connection);
}

void StreamService::on_data(net::Connection& connection) {
  if (plain_) return pass_on(connection);
  if (session_of(connection).held) return connection.pause_reading();
  await_more(connection);
  deliver(connection);
}

// What was handed over and is held may still be answered.
void StreamService::on_end(net::Connection& connection) {
  bool unread = waits(connection) && !connection.input().empty();
  if (!unread && !session_of(connection).held) tell_end(connection);
}

void StreamService::tell_end(net::Connection& connection) {
  StreamSession& session = session_of(connection);
  if (!connection.open() || std::exchange(session.end_told, true)) return;
  if (session.send_finished) connection.close(CloseReason::finished, Linger::no);
  else if (handlers_.on_end) call(handlers_.on_end, connection);
  else connection.close(CloseReason::peer_closed, Linger::no);
}

void StreamService::on_drained(net::Connection& connection) {
  await_more(connection);  // The deadline was that of the write stall.
  session_of(connection).drained = true;
  if (handlers_.on_sent || session_of(connection).above) list(connection);
}

void StreamService::on_partly_sent(net::Connection& connection) {
  if (session_of(connection).above && connection.queued() <= options_.low_water) list(connection);
}

void StreamService::on_deadline(net::Connection& connection) {
  if (waits(connection)) await_more(connection);
  else if (options_.idle_time_ms) connection.close(CloseReason::idle_timeout, Linger::yes);
}

inline void StreamService::await_more(net::Connection& connection) {
  if (options_.idle_time_ms) connection.set_deadline(connection.clock().now_ms + options_.idle_time_ms);
}

// After a reload its connections stay with the worker that has them, until one side closes.
void StreamService::on_drain(net::Connection& connection, DrainMode mode) {
  if (mode == DrainMode::stop) connection.close(CloseReason::drained, Linger::yes);
}

void StreamService::on_close(net::Connection& connection, CloseReason reason) {
  call_if_any(handlers_.on_close, connection, reason);
  StreamSession& session = session_of(connection);
  if (session.listed) std::replace(listed_.begin(), listed_.end(), &connection, (net::Connection*)nullptr);
  if (session.state) states_.erase(*session.state);
  delete session.long_message;
  session.~StreamSession();
}

// ---------------------------------------------------------------- from elsewhere
// A handler of the same connection may be under way, so none is called, and nothing is delivered.

bool StreamService::send_by_id(net::Connection& connection, Payload, std::string_view bytes) {
  bool sent = LocalLink(connection, *this).send(bytes);
  list_if_filled(connection);
  return sent;
}

bool StreamService::close_by_id(net::Connection& connection) {
  LocalLink(connection, *this).close(CloseReason::finished);
  return true;
}

void StreamService::visit(net::Connection& connection, const Function<void(Connection&)>& function) {
  LocalLink link(connection, *this);
  Connection handle = link.handle();
  function(handle);
  list_if_filled(connection);
  bool may_be_told = connection.open() && !waits(connection);
  if (may_be_told && (!connection.input().empty() || connection.peer_finished())) list(connection);
}

// Nothing is handed over until somebody says so.
bool StreamService::waits(net::Connection& connection) {
  const StreamSession& session = session_of(connection);
  return session.paused || session.held;
}

void StreamService::hold(net::Connection& connection) { session_of(connection).held = true; }

void StreamService::let_go(net::Connection& connection) {
  StreamSession& session = session_of(connection);
  if (!std::exchange(session.held, false) || session.paused || !connection.open()) return;
  if (!connection.hears()) connection.resume_reading();
  bool more = !connection.input().empty() || connection.peer_finished();
  if (more) list(connection);
}

// Also when all has left by then: whoever has seen the queue that full waits for on_buffer_drain.
void StreamService::list_if_filled(net::Connection& connection) {
  if (!connection.open() || !filled(connection) || session_of(connection).above) return;
  session_of(connection).filled = true;
  list(connection);
}

// ---------------------------------------------------------------- receiving

void StreamService::deliver(net::Connection& connection) {
  while (!connection.input().empty() && connection.open() && !waits(connection))
    if (!deliver_message(connection)) return;
}

// One message from the front of the input; false when it is not there whole.
inline bool StreamService::deliver_message(net::Connection& connection) {
  StreamSession& session = session_of(connection);
  std::string_view input = input_of(connection);
  if (options_.framing.kind == StreamFraming::Kind::none) {
    pass_on(connection);
    return true;
  }
  if (session.long_message) return deliver_long_message(connection);
  FramedMessage message = codec::find_message(options_.framing, input, session.scanned);
  session.scanned = static_cast<uint32_t>(message.scanned);
  if (message.state == FramedMessage::State::complete) {
    hand_over(connection, input.substr(message.payload_at, message.payload_size));
    connection.consume(message.size);
    return true;
  }
  if (message.state != FramedMessage::State::need_more) refuse(connection, message.state);
  else if (message.size > Block::kBytes || input.size() == Block::kBytes) begin_long_message(connection);
  return false;
}

// A message that no block can hold is collected.
void StreamService::begin_long_message(net::Connection& connection) {
  std::string_view input = input_of(connection);
  session_of(connection).long_message = new std::string(input);
  connection.consume(input.size());
}

// What was there before was no whole message, so what is left over is the end of what came now.
bool StreamService::deliver_long_message(net::Connection& connection) {
  StreamSession& session = session_of(connection);
  std::string_view input = input_of(connection);
  std::string& bytes = *session.long_message;
  bytes.append(input);
  FramedMessage message = codec::find_message(options_.framing, bytes, session.scanned);
  session.scanned = static_cast<uint32_t>(message.scanned);
  if (message.state != FramedMessage::State::complete) {
    connection.consume(input.size());
    if (message.state != FramedMessage::State::need_more) refuse(connection, message.state);
    return false;
  }
  connection.consume(input.size() - (bytes.size() - message.size));
  std::unique_ptr<std::string> whole(std::exchange(session.long_message, nullptr));
  hand_over(connection, std::string_view(*whole).substr(message.payload_at, message.payload_size));
  return true;
}

// ---------------------------------------------------------------- what is told in the next turn

// A handler that sends whenever all was sent would never let a turn end, as long as the peer takes it all.
void StreamService::list(net::Connection& connection) {
  if (std::exchange(session_of(connection).listed, true)) return;
  if (listed_.empty()) reactor_.post([this] { tell_listed(); });
  listed_.push_back(&connection);
}

void StreamService::tell_listed() {
  std::vector<net::Connection*> now = std::exchange(listed_, {});
  for (net::Connection* connection : now)
    if (connection) tell(*connection);
}

void StreamService::tell(net::Connection& connection) {
  StreamSession& session = session_of(connection);
  session.listed = false;
  if (!connection.open()) return;
  if (session.filled || filled(connection)) high_water_passed(connection);
  if (session.above && connection.queued() <= options_.low_water) {
    session.above = false;
    call_if_any(handlers_.on_buffer_drain, connection);
  }
  bool drained = std::exchange(session.drained, false);
  if (drained && connection.open() && connection.all_sent()) call_if_any(handlers_.on_sent, connection);
  deliver(connection);  // The handlers may have resumed it, or held it.
  bool full = connection.input().size() == Block::kBytes;
  if (full && waits(connection)) connection.pause_reading();
  if (connection.peer_finished() && !waits(connection)) tell_end(connection);
}

}  // namespace oklo::stream
