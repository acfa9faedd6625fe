#include "http/http_service.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "codec/field_list.h"
#include "codec/http_response.h"
#include "http/admission.h"
#include "http/allow.h"
#include "http/http_limits.h"
#include "http/late_answers.h"
#include "http/pending_request.h"
#include "http/upload_calls.h"

namespace oklo::http {

using codec::ParseOutcome;

namespace {

HttpSession& session_of(net::Connection& connection) { return connection.session<HttpSession>(); }

// What waits of this answer, and those before it, is to be sent before the next request is read.
inline bool holds_up(const net::Connection& connection, const Reply& reply) {
  return reply.holds_file || connection.queued() > kStallBytes;
}

// Nearly no request asks for another protocol.
inline bool may_upgrade(const Exchange& exchange) {
  const Route* route = exchange.route;
  return route && route->upgrade && (exchange.head.upgrade_asked || route->only_upgrades());
}

}  // namespace

HttpService::HttpService(const RouteTable& routes, const HttpLimits& limits, LifeRow& life, AccessLog* log,
                         AnswerTimes* times)
    : routes_(routes),
      limits_(limits),
      head_limits_(head_limits(limits)),
      life_(life),
      log_(log),
      times_(times),
      late_answers_(LateAnswers::current()) {
  current_.date_line = &date_line_;
  current_.late_answers = late_answers_;
}

// ---------------------------------------------------------------- events

void HttpService::on_open(net::Connection& connection) {
  new (&session_of(connection)) HttpSession;
  current_.clock = &connection.clock();
  connection.set_deadline(connection.clock().now_ms + limits_.idle_time_ms);
}

void HttpService::on_data(net::Connection& connection) {
  HttpSession& session = session_of(connection);
  if (session.pending) feed_body(connection);
  while (!connection.input().empty() && connection.open() && !session.pending) {
    if (session.stalled) return hold_input(connection);
    if (!read_request(connection)) return;
  }
}

// While an answer is sent reading pauses; while one is awaited it goes on, so that the client's end shows.
void HttpService::hold_input(net::Connection& connection) {
  if (LateAnswer* late = session_of(connection).late) late_answers_->on_data(*late);
}

// The peer may have closed only its sending side, and still wants the answers to what it sent (RFC 9112
// section 9.6).
void HttpService::on_end(net::Connection& connection) {
  HttpSession& session = session_of(connection);
  if (session.late) return late_answers_->on_end(*session.late);
  if (!session.stalled) connection.close(CloseReason::peer_closed, net::Connection::Linger::no);
}

void HttpService::on_drained(net::Connection& connection) {
  HttpSession& session = session_of(connection);
  if (session.late) return late_answers_->on_drained(*session.late);
  uint32_t time_ms = session.pending ? limits_.body_window_ms
                     : session.scanned ? limits_.header_time_ms : limits_.idle_time_ms;
  connection.set_deadline(connection.clock().now_ms + time_ms);
  go_on(connection);
}

void HttpService::go_on(net::Connection& connection) {
  HttpSession& session = session_of(connection);
  if (std::exchange(session.stalled, false)) connection.resume_reading();
  if (!session.pending) on_data(connection);
  if (connection.endpoint().protocol != this) return;  // It was a request to change it.
  if (connection.peer_finished()) on_end(connection);
  if (stopping_) close_idle(connection);
}

void HttpService::on_deadline(net::Connection& connection) {
  HttpSession& session = session_of(connection);
  if (session.late) return late_answers_->on_deadline(*session.late);
  if (session.pending) return check_body_rate(connection);
  if (!connection.input().empty()) return refuse(connection, 408, CloseReason::header_timeout);
  connection.close(draining_ ? CloseReason::drained : CloseReason::idle_timeout,
                   net::Connection::Linger::yes);
}

void HttpService::on_drain(net::Connection& connection, DrainMode mode) {
  if (mode != DrainMode::stop) return;
  stopping_ = draining_ = true;
  if (LateAnswer* late = session_of(connection).late) late_answers_->on_stop(*late);
  else close_idle(connection);
}

bool HttpService::answered(net::Connection& connection) {
  const HttpSession& session = session_of(connection);
  return !session.pending && !session.late && connection.input().empty();
}

bool HttpService::listens(net::Connection& connection) {
  const LateAnswer* late = session_of(connection).late;
  return late && late->own.late == Reply::Late::events;
}

bool HttpService::awaits_body(net::Connection& connection) { return session_of(connection).pending; }

void HttpService::close_idle(net::Connection& connection) {
  bool idle = answered(connection) && !session_of(connection).stalled;
  if (idle) connection.close(CloseReason::drained, net::Connection::Linger::yes);
}

void HttpService::on_close(net::Connection& connection, CloseReason) {
  HttpSession& session = session_of(connection);
  if (PendingRequest* pending = session.pending) {
    const Route* route = pending->exchange.route;
    if (route && route->upload) call_on_abort(pending->exchange, *route->upload);
    connection.release(pending->head_block);
    delete pending;
  }
  if (LateAnswer* late = session.late) {
    bool cut_off = !late->in_call && late->own.begun && !late->own.finished;
    if (cut_off) count(late->own, late->words.words());
    late_answers_->lose(*late);
  }
  session.~HttpSession();
}

// ---------------------------------------------------------------- reading requests

// One request from the front of the input; false when it is not there whole.
[[gnu::always_inline]] inline bool HttpService::read_request(net::Connection& connection) {
  if (session_of(connection).scanned && !head_may_be_complete(connection)) {
    await_head(connection);
    return false;
  }
  ParseOutcome outcome = codec::parse_request_head(connection.input(), head_limits_, current_.head);
  if (outcome.kind == ParseOutcome::Kind::complete) return begin_request(connection);
  if (outcome.kind == ParseOutcome::Kind::bad) refuse(connection, outcome.status, CloseReason::bad_request);
  else await_head(connection);
  return false;
}

// A head that comes byte by byte is not parsed again for each byte, but when a line has ended or no more
// can come.
bool HttpService::head_may_be_complete(net::Connection& connection) const {
  std::span<char> input = connection.input();
  std::string_view fresh =
      std::string_view(input.data(), input.size()).substr(session_of(connection).scanned);
  return fresh.find('\n') != fresh.npos || input.size() == Block::kBytes;
}

// The clock of a head starts with its first byte and is not put back by the next ones.
void HttpService::await_head(net::Connection& connection) {
  HttpSession& session = session_of(connection);
  bool first = session.scanned == 0;
  session.scanned = static_cast<uint32_t>(connection.input().size());
  if (session.scanned == Block::kBytes) return refuse(connection, 431, CloseReason::bad_request);
  if (first) connection.set_deadline(connection.clock().now_ms + limits_.header_time_ms);
}

inline void HttpService::prepare(Exchange& exchange, net::Connection& connection) {
  session_of(connection).scanned = 0;
  exchange.reset(connection);
  exchange.asked_us = exchange.clock->now_us;
  ConnectionRow& row = connection.row();
  row.requests++;
  exchange.peer_ip = row.ip_of_peer();
  exchange.keep_alive = exchange.head.keep_alive && !draining_ && row.requests < limits_.requests;
  allowed_ = routes_.find(exchange);
}

[[gnu::always_inline]] inline bool HttpService::begin_request(net::Connection& connection) {
  prepare(current_, connection);
  if ((guard_ || current_.access) && turn_away(connection)) return connection.open();
  size_t body_size = 0;
  if (!find_body(connection, body_size)) {
    if (accept_body(connection)) await_body(connection);
    return connection.open() && !session_of(connection).pending;
  }
  if (!may_upgrade(current_) || !wants_upgrade(current_)) dispatch(current_);
  else if (try_upgrade(connection)) return false;
  if (!connection.open()) return false;
  connection.consume(current_.head.size + body_size);
  finish(connection, current_);
  return true;
}

// Whether it has its answer without a handler. A body that is still to come ends the connection then.
[[gnu::noinline]] bool HttpService::turn_away(net::Connection& connection) {
  size_t body_size = 0;
  bool whole = find_body(connection, body_size);
  bool keep_alive = std::exchange(current_.keep_alive, current_.keep_alive && whole);
  if (admit(current_, guard_)) {
    current_.keep_alive = keep_alive;
    return false;
  }
  if (whole) connection.consume(current_.head.size + body_size);
  finish(connection, current_, !whole);
  return true;
}

// ---------------------------------------------------------------- bodies

uint64_t HttpService::body_bytes_max(const Exchange& exchange) const {
  return exchange.route && exchange.route->takes_pieces() ? limits_.upload_bytes : limits_.body_bytes;
}

// Whether the whole body lies behind the head already, or there is none.
inline bool HttpService::find_body(net::Connection& connection, size_t& size) {
  const codec::RequestHead& head = current_.head;
  if (!head.chunked && head.content_length == 0) return true;
  std::span<char> rest = connection.input().subspan(head.size);
  if (head.chunked || head.content_length > rest.size()) return false;
  if (head.content_length > body_bytes_max(current_)) return false;
  size = static_cast<size_t>(head.content_length);
  current_.body = {rest.data(), size};
  return true;
}

// Whether a body that is not there yet is wanted. If not, the answer is given now, and the connection ends
// with it: whether the body will come nobody knows (RFC 9110 section 10.1.1).
bool HttpService::accept_body(net::Connection& connection) {
  Exchange& exchange = current_;
  bool keep_alive = std::exchange(exchange.keep_alive, false);
  if (exchange.head.content_length > body_bytes_max(exchange)) exchange.fail(413);
  else if (!exchange.route && exchange.head.expect_continue) answer_without_route(exchange, allowed_);
  else if (exchange.route && exchange.route->upload) call_on_head(exchange, *exchange.route->upload);
  if (exchange.begun) {
    finish(connection, exchange, true);
    return false;
  }
  exchange.keep_alive = keep_alive;
  return true;
}

void HttpService::await_body(net::Connection& connection) {
  HttpSession& session = session_of(connection);
  session.pending = new PendingRequest;
  PendingRequest& pending = *session.pending;
  pending.exchange = std::move(current_);
  Exchange& exchange = pending.exchange;
  routes_.find(exchange);
  pending.left = exchange.head.content_length;
  std::span<char> rest = connection.input().subspan(exchange.head.size);
  if (exchange.head.expect_continue && rest.empty()) connection.send("HTTP/1.1 100 Continue\r\n\r\n");
  connection.set_deadline(connection.clock().now_ms + limits_.body_window_ms);
  pending.head_block = connection.split_input(exchange.head.size);
  feed_body(connection);
}

// Gives what has come to the handler or to the collected body, and answers when it was the last.
void HttpService::feed_body(net::Connection& connection) {
  PendingRequest& pending = *session_of(connection).pending;
  std::span<char> input = connection.input();
  bool done = false;
  if (pending.exchange.head.chunked) {
    codec::ChunkedDecoder::Progress progress = pending.chunked.decode(input, &pending.exchange.trailers);
    if (progress.state == codec::ChunkedDecoder::State::bad)
      return refuse(connection, progress.status, CloseReason::bad_request);
    take_piece(pending, {input.data(), progress.produced});
    connection.consume(progress.consumed);
    done = progress.state == codec::ChunkedDecoder::State::done;
  } else {
    size_t size = static_cast<size_t>(std::min<uint64_t>(pending.left, input.size()));
    pending.left -= size;
    take_piece(pending, {input.data(), size});
    connection.consume(size);
    done = pending.left == 0;
  }
  if (!connection.open()) return;
  if (pending.received > body_bytes_max(pending.exchange))
    return refuse(connection, 413, CloseReason::bad_request);
  if (pending.exchange.begun) return finish(connection, pending.exchange, true);
  if (done) complete_body(connection);
}

void HttpService::take_piece(PendingRequest& pending, std::string_view piece) {
  pending.received += piece.size();
  if (piece.empty() || pending.received > body_bytes_max(pending.exchange)) return;
  const Route* route = pending.exchange.route;
  if (!route || !route->upload) pending.body.append(piece);
  else call_on_piece(pending.exchange, *route->upload, piece);
}

void HttpService::complete_body(net::Connection& connection) {
  HttpSession& session = session_of(connection);
  PendingRequest* pending = std::exchange(session.pending, nullptr);
  Exchange& exchange = pending->exchange;
  exchange.body = pending->body;
  exchange.keep_alive = exchange.keep_alive && !draining_;
  if (exchange.route && exchange.route->upload) {
    call_on_end(exchange, *exchange.route->upload);
  } else {
    allowed_ = routes_.find(exchange);
    dispatch(exchange);
  }
  if (connection.open()) finish(connection, exchange);
  connection.release(pending->head_block);
  delete pending;
}

void HttpService::check_body_rate(net::Connection& connection) {
  PendingRequest& pending = *session_of(connection).pending;
  uint64_t came = pending.received - std::exchange(pending.window_received, pending.received);
  uint64_t wanted = uint64_t{limits_.body_rate_bytes_s} * limits_.body_window_ms / 1000;
  if (came < wanted) return refuse(connection, 408, CloseReason::body_timeout);
  connection.set_deadline(connection.clock().now_ms + limits_.body_window_ms);
}

// ---------------------------------------------------------------- answering

inline void HttpService::dispatch(Exchange& exchange) {
  const Route* route = exchange.route;
  if (!route) return answer_without_route(exchange, allowed_);
  if (route->files) return route->files->serve(exchange);
  Response response = exchange.response();
  if (route->handler) return route->handler(exchange.request(), response);
  if (route->upload) return call_all(exchange, *route->upload);
  exchange.fail(400);  // Only an upgrade stands here, and the request has a body.
}

// A request with a body is answered as if it had not asked: the body would have to be read first.
bool HttpService::wants_upgrade(const Exchange& exchange) {
  const Route& route = *exchange.route;
  const codec::RequestHead& head = exchange.head;
  if (!exchange.body.empty()) return false;
  return route.only_upgrades() ||
         codec::list_has(head.field(codec::FieldId::upgrade), route.upgrade->token());
}

// False when the request is to be answered, or has been.
bool HttpService::try_upgrade(net::Connection& connection) {
  Upgrade& upgrade = *current_.route->upgrade;
  NotLater guard(current_);
  if (draining_) current_.fail(503, true);  // The next connection comes to a worker that stays.
  if (draining_ || !upgrade.accept(current_)) return false;
  current_.switch_protocol(upgrade.token());
  begins(current_);
  life_.requests.add(1);
  if (log_) log_->write(current_);
  connection.change_endpoint(upgrade.endpoint());
  upgrade.open(connection, current_);
  if (connection.open()) connection.consume(current_.head.size);
  if (connection.open() && !connection.input().empty()) upgrade.endpoint().protocol->on_data(connection);
  return true;
}

// The answer is given: it is counted and logged, and the connection goes on or ends.
inline void HttpService::finish(net::Connection& connection, Exchange& exchange, bool body_unread) {
  bool whole = exchange.finished && exchange.late == Reply::Late::no;
  if (!whole && !settle_incomplete(connection, exchange)) return;
  if (times_) times_->begins(exchange.asked_us);
  life_.requests.add(1);
  if (log_) log_->write(exchange);
  if (!exchange.keep_alive) return end_connection(connection, exchange.head.keep_alive, body_unread);
  connection.set_deadline(connection.clock().now_ms + limits_.idle_time_ms);
  if (holds_up(connection, exchange)) {
    session_of(connection).stalled = true;
    connection.pause_reading();
  }
}

// An answer that its handler has forgotten, left unfinished or promised for later; whether it is whole now.
// To HEAD it is when its head is.
[[gnu::noinline]] bool HttpService::settle_incomplete(net::Connection& connection, Exchange& exchange) {
  HttpSession& session = session_of(connection);
  if (session.late && exchange.begun && exchange.is_head()) exchange.end();
  if (session.late && exchange.finished) {
    late_answers_->forget(*session.late);
  } else if (session.late) {
    session.stalled = true;
    if (exchange.begun) begins(exchange);
    late_answers_->await(*session.late, exchange, log_ != nullptr);
  } else if (exchange.begun) {
    count(exchange, RequestWords(exchange.head));
    connection.abort(CloseReason::handler_failed);
  } else {
    exchange.fail(500);
  }
  return exchange.finished;
}

// As finish, but a handler may be under way: the connection goes on later.
void HttpService::finish_late(LateAnswer& late) {
  net::Connection& connection = late.connection;
  count(late.own, late.words.words());
  bool ends = !late.own.keep_alive;
  bool client_keeps = late.client_keeps;
  if (!ends) connection.set_deadline(connection.clock().now_ms + limits_.idle_time_ms);
  if (!ends && !holds_up(connection, late.own)) return late_answers_->go_on_later(late);
  late_answers_->forget(late);
  if (ends) end_connection(connection, client_keeps, false);
  else connection.pause_reading();
}

void HttpService::count(const Reply& reply, const RequestWords& words) {
  life_.requests.add(1);
  if (log_) log_->write(reply, words);
}

// A client that asked for the end sends no more; any other may be sending its next request just now.
void HttpService::end_connection(net::Connection& connection, bool client_keeps, bool body_unread) {
  bool quiet = !client_keeps && !body_unread && connection.input().empty();
  CloseReason reason = client_keeps && draining_ ? CloseReason::drained : CloseReason::finished;
  connection.close(body_unread ? CloseReason::bad_request : reason,
                   quiet ? net::Connection::Linger::no : net::Connection::Linger::yes);
}

// An answer to what could not be understood or came too slowly: the last one of its connection. Where the
// body is at fault the request is known.
void HttpService::refuse(net::Connection& connection, int status, CloseReason reason) {
  PendingRequest* pending = session_of(connection).pending;
  Exchange& exchange = pending ? pending->exchange : current_;
  if (!pending) {
    exchange.head.size = exchange.head.target_size = 0;
    exchange.head.method = codec::Method::get;
    exchange.head.minor_version = 1;
    exchange.reset(connection);
    exchange.peer_ip = connection.row().ip_of_peer();
  }
  exchange.fail(status, true);
  if (log_) log_->write(exchange);
  connection.close(reason, net::Connection::Linger::yes);
}

}  // namespace oklo::http
