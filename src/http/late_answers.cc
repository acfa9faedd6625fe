#include "http/late_answers.h"

#include <utility>

#include "codec/event_stream.h"
#include "http/http_service.h"

namespace oklo::http {

using Late = Reply::Late;

namespace {

thread_local LateAnswers* current_answers = nullptr;

HttpSession& session_of(net::Connection& connection) { return connection.session<HttpSession>(); }

}  // namespace

LateAnswers::LateAnswers() : before_(std::exchange(current_answers, this)) {}

LateAnswers::~LateAnswers() { current_answers = before_; }

LateAnswers* LateAnswers::current() { return current_answers; }

HttpService& LateAnswers::service_of(const LateAnswer& late) {
  return static_cast<HttpService&>(*late.connection.endpoint().protocol);
}

// ---------------------------------------------------------------- time

// From now on it has its full time again.
void LateAnswers::put_off(LateAnswer& late) {
  late.deadline_ms = late.patience_ms ? late.connection.clock().now_ms + late.patience_ms : UINT64_MAX;
}

// While its client takes the bytes slowly the connection has another deadline; on_drained arms this again.
void LateAnswers::arm(LateAnswer& late) {
  bool limited = late.connection.open() && late.deadline_ms != UINT64_MAX;
  if (limited) late.connection.set_deadline(late.deadline_ms);
}

void LateAnswers::on_deadline(LateAnswer& late) {
  Reply& reply = late.own;
  if (reply.finished) return;
  if (late.connection.clock().now_ms < late.deadline_ms) return arm(late);
  if (reply.late == Late::events) {
    reply.write_event(codec::kEventComment);
    put_off(late);
    return arm(late);
  }
  if (reply.begun) return late.connection.abort(CloseReason::handler_failed);
  reply.fail(503, true);
  service_of(late).begins(reply);
  Function<void()> gone = std::move(late.on_gone);
  service_of(late).finish_late(late);
  if (gone) gone();
}

// ---------------------------------------------------------------- promising

LateAnswer& LateAnswers::promise(net::Connection& connection) {
  pool_ = connection.endpoint().pool;
  if (++last_number_ == 0) last_number_ = 1;
  LateAnswer* late = new LateAnswer(connection, last_number_);
  session_of(connection).late = late;
  return *late;
}

RequestId LateAnswers::later(Reply& reply, uint32_t timeout_ms) {
  if (reply.finished) return {};
  net::Connection& connection = static_cast<net::Connection&>(*reply.outlet);
  LateAnswer* late = session_of(connection).late;
  if (!late) {
    late = &promise(connection);
    late->reply = &reply;
    reply.late = Late::answer;
  }
  if (reply.late == Late::answer) late->patience_ms = timeout_ms;
  put_off(*late);
  return {connection.id(), late->number};
}

// WHATWG HTML section 9.2.5 wants the type; a proxy must neither keep the stream nor hold it back until there
// is much of it. What a client sends behind it would never be answered, so it is its last request.
RequestId LateAnswers::begin_events(Reply& reply, uint32_t heartbeat_ms) {
  bool fits = reply.add_field("Content-Type", "text/event-stream") &&
              reply.add_field("Cache-Control", "no-store") && reply.add_field("X-Accel-Buffering", "no");
  if (!fits) return {};
  reply.keep_alive = false;
  reply.write({});
  if (reply.is_head()) reply.end();
  RequestId id = later(reply, heartbeat_ms);
  if (id) reply.late = Late::events;
  return id;
}

void LateAnswers::await(LateAnswer& late, const Exchange& exchange, bool logged) {
  late.own = exchange;
  late.reply = &late.own;
  late.in_call = false;
  late.client_keeps = exchange.head.keep_alive;
  if (logged) late.words = KeptWords(RequestWords(exchange.head));
  if (late.own.begun) late.own.fields = {};
  if (late.own.late == Late::events && service_of(late).stopping()) return on_stop(late);
  arm(late);
}

// ---------------------------------------------------------------- answering

LateAnswer* LateAnswers::find(RequestId id) const {
  net::Connection* connection = pool_ ? pool_->find(id.connection) : nullptr;
  if (!connection || !connection->open() || connection->row().kind != ConnectionKind::http) return nullptr;
  LateAnswer* late = session_of(*connection).late;
  return late && late->number == id.number ? late : nullptr;
}

bool LateAnswers::answer(RequestId id, const Function<void(Response&)>& function) {
  LateAnswer* late = find(id);
  if (!late || late->reply->finished) return false;
  call(*late, function);
  return true;
}

// A call within another one, or within the handler, leaves the rest to that. To HEAD the answer is complete
// when its head is.
void LateAnswers::call(LateAnswer& late, const Function<void(Response&)>& function) {
  Reply& reply = *late.reply;
  bool inner = std::exchange(late.in_call, true);
  if (!inner && !reply.begun && service_of(late).draining()) reply.keep_alive = false;
  bool begun = reply.begun;
  uint64_t body_bytes = reply.body_bytes;
  Response response = reply.response();
  function(response);
  if (inner) return;
  late.in_call = false;
  if (!late.connection.open()) return;
  if (!begun && reply.begun) service_of(late).begins(reply);
  if (reply.begun && reply.is_head()) reply.end();
  if (reply.finished) return service_of(late).finish_late(late);
  if (reply.begun && (!begun || reply.body_bytes != body_bytes)) put_off(late);
  arm(late);
}

void LateAnswers::go_on_later(LateAnswer& late) {
  complete_.push_back({late.connection.id(), late.number});
  if (complete_.size() == 1) late.connection.endpoint().reactor->post([this] { go_on(); });
}

void LateAnswers::go_on() {
  for (RequestId id : std::exchange(complete_, {})) {
    LateAnswer* late = find(id);
    if (!late) continue;  // The connection has ended meanwhile.
    net::Connection& connection = late->connection;
    HttpService& service = service_of(*late);
    forget(*late);
    service.go_on(connection);
  }
}

void LateAnswers::forget(LateAnswer& late) {
  session_of(late.connection).late = nullptr;
  delete &late;
}

bool LateAnswers::on_gone(RequestId id, Function<void()> function) {
  LateAnswer* late = find(id);
  if (late) late->on_gone = std::move(function);
  return late != nullptr;
}

void LateAnswers::lose(LateAnswer& late) {
  Function<void()> gone = late.own.finished ? Function<void()>() : std::move(late.on_gone);
  forget(late);
  if (gone) gone();
}

// ---------------------------------------------------------------- events of the connection

void LateAnswers::on_data(LateAnswer& late) {
  size_t waiting = late.connection.input().size();
  if (late.own.late == Late::events) late.connection.consume(waiting);
  else if (waiting == Block::kBytes) late.connection.pause_reading();
}

// A client that has sent its last request still wants the answer; one that listens to events has left.
void LateAnswers::on_end(LateAnswer& late) {
  bool listens = late.own.late == Late::events && !late.own.finished;
  if (listens) late.connection.close(CloseReason::peer_closed, net::Connection::Linger::no);
}

// That a client reads slowly is not the fault of who writes.
void LateAnswers::on_drained(LateAnswer& late) {
  if (late.own.finished) return;
  if (late.own.begun) put_off(late);
  arm(late);
}

void LateAnswers::on_stop(LateAnswer& late) {
  if (late.own.late != Late::events || late.own.finished) return;
  late.own.end();
  service_of(late).finish_late(late);
}

}  // namespace oklo::http

namespace oklo {

bool answer(RequestId id, const Function<void(Response&)>& function) {
  http::LateAnswers* answers = http::LateAnswers::current();
  return answers && answers->answer(id, function);
}

}  // namespace oklo
