#include "gate/http_gate.h"

#include <cstring>
#include <new>
#include <utility>

#include "http/http_limits.h"
#include "http/reply.h"
#include "net/carrier.h"

#include <oklo/room.h>

namespace oklo::gate {

using codec::ParseOutcome;
using Linger = net::Connection::Linger;

namespace {

// So long a small body is awaited; one that takes longer goes to its worker as it comes.
constexpr uint32_t kPatienceMs = 100;

static_assert(Block::kBytes <= UINT16_MAX, "HttpGateSession counts the bytes of one");

HttpGateSession& session_of(net::Connection& connection) { return connection.session<HttpGateSession>(); }

// To send the body; the answer comes behind it (RFC 9110 section 15.2.1).
bool is_invitation(std::string_view output) { return output.starts_with("HTTP/1.1 100 "); }

}  // namespace

HttpGate::HttpGate(http::RouteTable& routes, const HttpLimits& limits, ConnectionPool& pool,
                   Deliveries& deliveries, uint8_t listener)
    : limits_(limits),
      head_limits_(http::head_limits(limits)),
      pool_(pool),
      deliveries_(deliveries),
      endpoint_(http::http_endpoint(pool.make_endpoint(*this), limits, listener)),
      times_(*endpoint_.reactor, pool.life().answer_us) {
  // WebSockets are the one protocol that a route can change to.
  routes.each_upgrade_maker([this](uint32_t route, http::UpgradeMaker& maker) {
    if (upgrades_.size() <= route) upgrades_.resize(route + 1);
    upgrades_[route] = std::make_unique<WsGate>(static_cast<ws::WebSocketMaker&>(maker),
                                                static_cast<uint16_t>(route), endpoint_, pool_, deliveries_);
  });
}

HttpGate::~HttpGate() = default;

// ---------------------------------------------------------------- requests

void HttpGate::on_open(net::Connection& connection) {
  new (&session_of(connection)) HttpGateSession;
  connection.set_deadline(connection.clock().now_ms + limits_.idle_time_ms);
}

void HttpGate::on_data(net::Connection& connection) {
  HttpGateSession& session = session_of(connection);
  if (session.lane) session.lane->carry();
  if (session.asked || session.stalled) return hold_input(connection);
  if (!connection.input().empty() && connection.open()) read_request(connection);
}

// It is read on until a block is full, so that the client's end shows.
void HttpGate::hold_input(net::Connection& connection) {
  HttpLane* lane = session_of(connection).lane;
  bool takes_more = lane && !lane->over();
  if (!takes_more && connection.input().size() == Block::kBytes) connection.pause_reading();
}

// A head that comes byte by byte is not parsed again for each byte, but when a line has ended or no more can
// come. What comes first may be no head at all.
void HttpGate::read_request(net::Connection& connection) {
  HttpGateSession& session = session_of(connection);
  std::span<char> input = connection.input();
  if (session.wanted) {
    if (input.size() >= session.wanted) ask(connection, session.wanted);
    return;
  }
  std::string_view fresh = std::string_view(input.data(), input.size()).substr(session.scanned);
  bool first = session.scanned == 0;
  bool may_be_decided = first || fresh.find('\n') != fresh.npos || input.size() == Block::kBytes;
  ParseOutcome outcome;
  if (may_be_decided) outcome = codec::parse_request_head(input, head_limits_, head_);
  if (outcome.kind == ParseOutcome::Kind::complete) return judge_head(connection);
  bool hopeless = outcome.kind == ParseOutcome::Kind::bad || input.size() == Block::kBytes;
  if (hopeless) {
    session.ends = true;
    return ask(connection, input.size());  // The worker finds the same, and says it.
  }
  session.scanned = static_cast<uint16_t>(input.size());
  if (first) await(connection, limits_.header_time_ms);
}

void HttpGate::await(net::Connection& connection, uint32_t time_ms) {
  connection.set_deadline(connection.clock().now_ms + time_ms);
}

// A body that a block can hold is awaited, so that the worker gets the request whole; any other goes to it as
// it comes. One that the client does not send unasked is for the worker to ask for (RFC 9110 section 10.1.1).
void HttpGate::judge_head(net::Connection& connection) {
  HttpGateSession& session = session_of(connection);
  session.asked_us = connection.clock().now_us;
  session.to_head = head_.method == codec::Method::head;
  session.ends = !head_.keep_alive;
  if (!head_.chunked && head_.content_length == 0) return ask(connection, head_.size);
  uint64_t whole = head_.size + head_.content_length;
  size_t there = connection.input().size();
  if (!head_.chunked && whole <= there) return ask(connection, static_cast<size_t>(whole));
  bool may_fit = whole <= Block::kBytes && head_.content_length <= limits_.body_bytes;
  bool waits = !head_.chunked && may_fit && !head_.expect_continue;
  if (!waits) return ask(connection, head_.size, kBodyFollows);
  session.wanted = static_cast<uint16_t>(whole);
  await(connection, kPatienceMs);
}

// The head was found whole before.
void HttpGate::ask_with_body_behind(net::Connection& connection) {
  ParseOutcome outcome = codec::parse_request_head(connection.input(), head_limits_, head_);
  OKLO_ASSERT(outcome.kind == ParseOutcome::Kind::complete);
  ask(connection, head_.size, kBodyFollows);
}

void HttpGate::ask(net::Connection& connection, size_t size, uint16_t flags) {
  HttpGateSession& session = session_of(connection);
  connection.row().requests++;
  session.asked = true;
  session.answered = session.files = false;
  session.scanned = session.wanted = 0;
  session.confirmed = connection.row().bytes_out + connection.queued();
  if (flags & kBodyFollows) session.lane = new HttpLane(connection, head_);
  if (draining_) flags |= kLastRequest;
  if (connection.peer_finished()) flags |= kInputEnded;
  connection.set_deadline(UINT64_MAX);  // From here on time is the worker's affair.
  deliveries_.tell(connection, Told::http_request, flags, {connection.input().data(), size});
  if (stopping_) deliveries_.tell_more(connection, {.stops = true});
  connection.consume(size);
  if (session.lane) session.lane->carry();
}

// ---------------------------------------------------------------- events

void HttpGate::on_end(net::Connection& connection) {
  HttpGateSession& session = session_of(connection);
  if (session.lane && !session.lane->over()) session.lane->end_of_input();
  if (session.asked) deliveries_.tell_more(connection, {.ended = true});
  else if (!session.stalled) connection.close(CloseReason::peer_closed, Linger::no);
}

void HttpGate::on_drained(net::Connection& connection) {
  HttpGateSession& session = session_of(connection);
  if (session.asked) return confirm(connection);
  uint32_t time_ms = session.wanted ? kPatienceMs
                     : session.scanned ? limits_.header_time_ms : limits_.idle_time_ms;
  await(connection, time_ms);
  if (std::exchange(session.stalled, false)) go_on(connection);
}

void HttpGate::on_partly_sent(net::Connection& connection) {
  if (session_of(connection).asked) confirm(connection);
}

// How much of the answer has left. What was sent before it is of no interest.
void HttpGate::confirm(net::Connection& connection) {
  HttpGateSession& session = session_of(connection);
  uint64_t sent = connection.row().bytes_out;
  if (!session.answered || sent <= session.confirmed) return;
  uint64_t bytes = sent - std::exchange(session.confirmed, sent);
  deliveries_.tell_more(connection, {.sent = bytes});
}

void HttpGate::on_deadline(net::Connection& connection) {
  HttpGateSession& session = session_of(connection);
  if (session.asked) return;
  if (session.wanted) return ask_with_body_behind(connection);
  if (!connection.input().empty()) {
    session.ends = true;
    return ask(connection, connection.input().size(), kTimedOut);
  }
  connection.close(draining_ ? CloseReason::drained : CloseReason::idle_timeout, Linger::yes);
}

void HttpGate::on_drain(net::Connection& connection, DrainMode mode) {
  if (mode != DrainMode::stop) return;
  stopping_ = true;
  if (session_of(connection).asked) deliveries_.tell_more(connection, {.stops = true});
  else close_idle(connection);
}

void HttpGate::close_idle(net::Connection& connection) {
  HttpGateSession& session = session_of(connection);
  bool idle = !session.asked && !session.stalled && connection.input().empty();
  if (idle) connection.close(CloseReason::drained, Linger::yes);
}

void HttpGate::on_close(net::Connection& connection, CloseReason reason) {
  HttpGateSession& session = session_of(connection);
  if (session.asked) deliveries_.tell_more(connection, {.gone = reason});
  delete session.lane;
  deliveries_.part_with(connection);
  session.~HttpGateSession();
}

// ---------------------------------------------------------------- answers

WsGate* HttpGate::socket_of(const net::Connection& connection) const {
  for (auto& upgrade : upgrades_)
    if (upgrade && upgrade->owns(connection)) return upgrade.get();
  return nullptr;
}

bool HttpGate::on_said(const codec::WireRecord& record, sys::Fd file) {
  if (!may_be_said(record)) return false;
  net::Connection* connection = pool_.find(connection_id(record.connection));
  if (!connection || !connection->open()) return true;
  if (connection->endpoint().protocol == this) obey(*connection, record, std::move(file));
  else if (WsGate* socket = socket_of(*connection)) socket->obey(*connection, record);
  return true;
}

void HttpGate::answer_begins(HttpGateSession& session) {
  if (session.asked_us) times_.begins(std::exchange(session.asked_us, 0));
}

// Of any connection, also of one that is gone.
bool HttpGate::may_be_said(const codec::WireRecord& record) const {
  bool has_file = record.flags & Wire::kHasFile;
  switch (static_cast<Said>(record.type)) {
    case Said::http_output:
    case Said::http_more:
    case Said::ws_send_text:
    case Said::ws_send_binary: return true;
    case Said::http_file: return has_file && record.bytes.size() == sizeof(FileRange);
    case Said::http_lane: return has_file;
    case Said::http_closed:
      return (record.flags & 0xff) < static_cast<uint16_t>(CloseReason::count) &&
             record.flags >> 8 <= static_cast<uint16_t>(net::Carrier::End::abort);
    case Said::http_upgrade: return record.number < upgrades_.size() && upgrades_[record.number];
    case Said::ws_close: return codec::valid_close_code(record.flags);
    case Said::ws_join:
    case Said::ws_leave: return record.bytes.size() <= Room::kNameBytesMax;
    default: return false;
  }
}

void HttpGate::obey(net::Connection& connection, const codec::WireRecord& record, sys::Fd file) {
  HttpGateSession& session = session_of(connection);
  if (!session.asked) return;  // It was meant for a request before this one.
  switch (static_cast<Said>(record.type)) {
    case Said::http_output:
      session.answered = true;
      if (!(session.lane && is_invitation(record.bytes))) answer_begins(session);
      connection.send(record.bytes);
      return;
    case Said::http_file: return send_file(connection, record.bytes, std::move(file));
    case Said::http_more: return connection.tell_each_drain();
    case Said::http_lane:
      if (!file) return connection.abort(CloseReason::no_memory);
      if (session.lane) session.lane->open(std::move(file));
      return;
    case Said::http_closed: return end_as_told(connection, record.flags);
    case Said::http_upgrade: return become_socket(connection, record.number);
    default: return;
  }
}

void HttpGate::send_file(net::Connection& connection, std::string_view range_bytes, sys::Fd file) {
  if (!file) return connection.abort(CloseReason::no_memory);  // This process has as many as it may.
  FileRange range;
  std::memcpy(&range, range_bytes.data(), sizeof range);
  HttpGateSession& session = session_of(connection);
  session.answered = session.files = true;
  connection.send_file(std::move(file), range.offset, range.size);
}

// The session ends here, as that of a connection that is gone.
void HttpGate::become_socket(net::Connection& connection, uint32_t route) {
  delete std::exchange(session_of(connection).lane, nullptr);
  upgrades_[route]->open(connection);
}

void HttpGate::end_as_told(net::Connection& connection, uint16_t flags) {
  using End = net::Carrier::End;
  CloseReason reason = static_cast<CloseReason>(flags & 0xff);
  End end = static_cast<End>(flags >> 8 & 0x7f);
  if (end == End::abort) connection.abort(reason);
  else connection.close(reason, end == End::linger ? Linger::yes : Linger::no);
}

// The next request may be there already.
void HttpGate::on_done(net::Connection& connection) {
  if (WsGate* socket = socket_of(connection)) return settle_socket(connection, *socket);
  HttpGateSession& session = session_of(connection);
  if (!std::exchange(session.asked, false)) return;
  std::unique_ptr<HttpLane> lane(std::exchange(session.lane, nullptr));
  bool unread = lane && !lane->all_sent();  // What is left of the body is no request.
  lane.reset();
  if (unread) return connection.close(CloseReason::handler_failed, Linger::yes);
  session.stalled = session.files ? !connection.all_sent() : connection.queued() > http::kStallBytes;
  if (session.stalled) return connection.pause_reading();
  await(connection, limits_.idle_time_ms);
  go_on(connection);
}

// It may have opened after all were told that the thread stops.
void HttpGate::settle_socket(net::Connection& connection, WsGate& socket) {
  socket.on_done(connection);
  if (stopping_) connection.drain(DrainMode::stop);
}

void HttpGate::go_on(net::Connection& connection) {
  connection.resume_reading();
  on_data(connection);
  if (connection.peer_finished() && connection.open()) on_end(connection);
  if (stopping_ && connection.open()) close_idle(connection);
}

void HttpGate::on_lost(net::Connection& connection, bool close) {
  if (WsGate* socket = socket_of(connection)) return socket->on_lost(connection, close);
  HttpGateSession& session = session_of(connection);
  if (session.answered) connection.abort(CloseReason::handler_failed);
  else answer_502(connection, close || session.lane || session.ends || draining_);
}

bool HttpGate::may_repeat(net::Connection& connection, Told told) {
  return told != Told::http_request || !(socket_of(connection) || session_of(connection).answered);
}

// RFC 9110 section 15.6.3: this is a gateway to the worker.
void HttpGate::answer_502(net::Connection& connection, bool close) {
  answer_begins(session_of(connection));
  http::Reply reply;
  codec::RequestHead head;
  if (session_of(connection).to_head) head.method = codec::Method::head;
  reply.reset(connection, head);
  reply.clock = &connection.clock();
  reply.date_line = &date_line_;
  reply.fail(502, close);
  if (close) connection.close(CloseReason::handler_failed, Linger::yes);
}

}  // namespace oklo::gate
