#include "http/client_side.h"

#include <algorithm>
#include <utility>

#include "base/number.h"
#include "http/client_request.h"
#include "net/host_names.h"

namespace oklo::http {

using Linger = net::Connection::Linger;
using Step = ClientCall::Step;

namespace {

std::string_view view_of(std::span<char> bytes) { return {bytes.data(), bytes.size()}; }

std::string within(std::string_view what, uint32_t ms) {
  return std::string(what).append(" ").append(decimal(ms)).append(" ms");
}

std::string_view words_for(CloseReason reason) {
  switch (reason) {
    case CloseReason::peer_reset: return "the connection was reset";
    case CloseReason::write_stalled: return "the server does not take the request";
    case CloseReason::no_memory: return "there is no memory for the connection";
    case CloseReason::drained:
    case CloseReason::aborted: return "this process leaves";
    default: return "the connection was closed before all had come";
  }
}

}  // namespace

ClientSide::ClientSide(const HttpClientOptions& options, Connector& connector)
    : ClientInProcess(connector),
      options_(options),
      endpoint_(connector.pool().make_endpoint(*this)) {
  connector_.use_names(host_names());
  endpoint_.kind = ConnectionKind::http_client;
  endpoint_.write_stall_ms = options.idle_ms;
  endpoint_.queue_bytes_max = UINT32_MAX;  // a request lies there whole
}

ClientSide::~ClientSide() {
  if (!current()) return;
  OKLO_ASSERT(calls_.size() == 0 && servers_.empty() && "an HttpClient must live as long as its requests");
}

// ---------------------------------------------------------------- asking

uint64_t ClientSide::ask(HttpRequest request, HttpClient::Done done) {
  if (++sequence_ == 0) sequence_ = 1;
  ClientCall& call = calls_.insert(sequence_, std::move(done));
  call.error = write_request(request, options_, call);
  call.on_piece = std::move(request.on_piece);
  reactor().post([this, number = call.number] { begin(number); });
  return call.number;
}

ClientCall* ClientSide::find(uint64_t number) {
  ClientCall* call = calls_.find(static_cast<uint32_t>(number));
  return call && call->number == number && !call->cancelled ? call : nullptr;
}

// Its on_piece may be running, so it goes a moment later.
bool ClientSide::cancel(uint64_t number) {
  ClientCall* call = find(number);
  if (!call) return false;
  call->cancelled = true;
  net::Connection* connection = connector_.pool().find(call->connection);
  if (!connector_.cancel(call->connection) && connection && session_of(*connection).call == call) {
    session_of(*connection).call = nullptr;
    connection->abort(CloseReason::finished);
  }
  reactor().post([this, call] { calls_.erase(*call); });
  return true;
}

void ClientSide::begin(uint64_t number) {
  ClientCall* call = find(number);
  if (!call) return;
  if (!call->error.empty()) return finish(*call, std::move(call->error));
  net::Connection* idle = take_idle(call->server);
  if (idle) start(*idle, *call);
  else connect(*call);
}

net::Connection* ClientSide::take_idle(std::string_view server) {
  auto found = servers_.find(server);
  if (found == servers_.end()) return nullptr;
  std::vector<ConnectionId>& idle = found->second.idle;
  while (!idle.empty()) {
    net::Connection* connection = connector_.pool().find(idle.back());
    idle.pop_back();
    if (!connection || !connection->open() || connection->peer_finished()) continue;
    session_of(*connection).used_before = true;
    return connection;
  }
  return nullptr;
}

void ClientSide::connect(ClientCall& call) {
  auto done = [this, number = call.number](ConnectionId id, Result<Connector::Connected> outcome) {
    take_connection(number, id, std::move(outcome));
  };
  call.connection = connector_.connect(call.server, options_.connect_ms, {}, std::move(done));
}

void ClientSide::take_connection(uint64_t number, ConnectionId id, Result<Connector::Connected> outcome) {
  ClientCall* call = find(number);
  // One that found no room has no id to be cancelled by.
  if (!call) return;
  if (!outcome) return finish(*call, outcome.error().text);
  opening_ = call;
  connector_.pool().open_client(id, endpoint_, std::move(outcome->socket), outcome->peer);
  opening_ = nullptr;
}

void ClientSide::on_open(net::Connection& connection) {
  auto server = servers_.try_emplace(opening_->server).first;
  server->second.connections++;
  session_of(connection) = {nullptr, &*server, false};
  start(connection, *opening_);
}

void ClientSide::start(net::Connection& connection, ClientCall& call) {
  session_of(connection).call = &call;
  call.connection = connection.id();
  connection.row().requests++;
  connection.send(call.request);
  await(connection, call);
}

void ClientSide::await(net::Connection& connection, const ClientCall& call) {
  uint32_t ms = call.step == Step::head ? options_.head_ms : options_.idle_ms;
  connection.set_deadline(connection.clock().now_ms + ms);
}

// ---------------------------------------------------------------- the answer

void ClientSide::on_data(net::Connection& connection) {
  ClientCall* call = session_of(connection).call;
  if (!call) return connection.abort(CloseReason::protocol_error);  // Nothing was asked.
  call->began = true;
  while (!connection.input().empty() && read(connection, *call)) {
  }
}

// Takes some of the input. False when more is needed, or the call is over.
bool ClientSide::read(net::Connection& connection, ClientCall& call) {
  if (call.step == Step::head) return read_head(connection, call);
  if (call.step == Step::chunked) return read_chunks(connection, call);
  std::string_view piece = view_of(connection.input());
  if (call.step == Step::length && call.left < piece.size())
    piece = piece.substr(0, static_cast<size_t>(call.left));
  if (!give(connection, call, piece)) return false;
  connection.consume(piece.size());
  await(connection, call);
  if (call.step == Step::until_close) return true;
  call.left -= piece.size();
  if (call.left > 0) return true;
  complete(connection, call);
  return false;
}

bool ClientSide::read_head(net::Connection& connection, ClientCall& call) {
  codec::ReplyOutcome outcome = codec::parse_reply_head(connection.input(), call.head);
  if (outcome.kind == codec::ReplyOutcome::Kind::complete) return begin_body(connection, call);
  call.head = {};
  if (outcome.kind == codec::ReplyOutcome::Kind::bad) return fail(connection, call, outcome.reason);
  return false;
}

// What of the body is to come (RFC 9112 section 6.3). Answers of 1xx come before the one that counts.
bool ClientSide::begin_body(net::Connection& connection, ClientCall& call) {
  codec::ReplyHead& head = call.head;
  if (head.status == 101) return fail(connection, call, "the server changes to a protocol nobody asked for");
  size_t size = head.size;
  if (head.status < 200) {
    head = {};
    connection.consume(size);
    return true;
  }
  call.head_bytes.assign(head.base, size);
  head.base = call.head_bytes.data();
  connection.consume(size);
  bool none = call.head_only || head.status == 204 || head.status == 304;
  if (none || (head.framing == codec::ReplyHead::Framing::length && head.content_length == 0)) {
    if (none) head.framing = codec::ReplyHead::Framing::length;
    complete(connection, call);
    return false;
  }
  call.left = head.content_length;
  call.step = head.framing == codec::ReplyHead::Framing::length    ? Step::length
              : head.framing == codec::ReplyHead::Framing::chunked ? Step::chunked
                                                                   : Step::until_close;
  await(connection, call);
  if (call.on_piece || call.step != Step::length || call.left <= options_.body_bytes) return true;
  return fail(connection, call, "the body is larger than body_bytes");
}

bool ClientSide::read_chunks(net::Connection& connection, ClientCall& call) {
  codec::ChunkedDecoder::Progress progress = call.chunks.decode(connection.input());
  using State = codec::ChunkedDecoder::State;
  if (!give(connection, call, view_of(connection.input().first(progress.produced)))) return false;
  if (progress.state == State::bad) return fail(connection, call, progress.reason);
  connection.consume(progress.consumed);
  await(connection, call);
  if (progress.state == State::more) return true;
  complete(connection, call);
  return false;
}

// False when the call is over: the body is too large, or on_piece cancelled it.
bool ClientSide::give(net::Connection& connection, ClientCall& call, std::string_view piece) {
  if (piece.empty()) return true;
  if (call.on_piece) {
    call.on_piece(piece);
    return !call.cancelled;
  }
  if (call.body.size() + piece.size() > options_.body_bytes)
    return fail(connection, call, "the body is larger than body_bytes");
  call.body.append(piece);
  return true;
}

// ---------------------------------------------------------------- the end of a call

void ClientSide::complete(net::Connection& connection, ClientCall& call) {
  session_of(connection).call = nullptr;
  bool framed = call.head.framing != codec::ReplyHead::Framing::until_close;
  bool clean = connection.open() && connection.input().empty() && connection.all_sent();
  bool stays = framed && clean && call.head.keep_alive && !connection.peer_finished();
  // An answer may come before all of the request was taken; the rest is of no use.
  if (stays && options_.keep > 0) keep(connection);
  else if (connection.all_sent()) connection.close(CloseReason::finished, Linger::no);
  else connection.abort(CloseReason::finished);
  finish(call, {});
}

void ClientSide::keep(net::Connection& connection) {
  std::vector<ConnectionId>& idle = session_of(connection).server->second.idle;
  if (idle.size() >= options_.keep) {
    if (net::Connection* oldest = connector_.pool().find(idle.front()))
      oldest->close(CloseReason::idle_timeout, Linger::no);
    idle.erase(idle.begin());
  }
  idle.push_back(connection.id());
  connection.set_deadline(connection.clock().now_ms + options_.keep_ms);
}

bool ClientSide::fail(net::Connection& connection, ClientCall& call, std::string_view why) {
  session_of(connection).call = nullptr;
  connection.abort(CloseReason::finished);
  finish(call, "no answer from " + call.server + ": " + std::string(why));
  return false;
}

// The connection is gone under a call. A server may close one that was idle at the very moment at which it is
// used again: then the request was not seen.
void ClientSide::lose(net::Connection& connection, std::string_view why) {
  Session& session = session_of(connection);
  ClientCall* call = session.call;
  if (!call) return;
  bool again = session.used_before && !call->began && call->idempotent && !call->retried;
  if (!again) return (void)fail(connection, *call, why);
  session.call = nullptr;
  call->retried = true;
  connection.abort(CloseReason::peer_closed);
  connect(*call);
}

void ClientSide::finish(ClientCall& call, std::string error) {
  call.error = std::move(error);
  call.cancelled = true;  // There is nothing left to cancel.
  if (call.done) call.done(HttpReply(call));
  calls_.erase(call);
}

// ---------------------------------------------------------------- other events

void ClientSide::on_end(net::Connection& connection) {
  ClientCall* call = session_of(connection).call;
  if (!call) return connection.close(CloseReason::peer_closed, Linger::no);
  if (call->step == Step::until_close) complete(connection, *call);
  else lose(connection, words_for(CloseReason::peer_closed));
}

// The deadline was that of the write stall.
void ClientSide::on_drained(net::Connection& connection) {
  if (const ClientCall* call = session_of(connection).call) await(connection, *call);
}

void ClientSide::on_deadline(net::Connection& connection) {
  ClientCall* call = session_of(connection).call;
  if (!call) return connection.close(CloseReason::idle_timeout, Linger::no);
  bool head = call->step == Step::head;
  fail(connection, *call, head ? within("no head within", options_.head_ms)
                               : within("nothing more within", options_.idle_ms));
}

void ClientSide::on_drain(net::Connection& connection, DrainMode) { connection.abort(CloseReason::drained); }

void ClientSide::on_close(net::Connection& connection, CloseReason reason) {
  lose(connection, words_for(reason));
  Servers::value_type& server = *session_of(connection).server;
  std::erase(server.second.idle, connection.id());
  if (--server.second.connections == 0) servers_.erase(servers_.find(server.first));
}

}  // namespace oklo::http
