#include "net/doorkeeper.h"

#include <cstring>
#include <string>

#include "codec/proxy_header.h"
#include "sys/address.h"

namespace oklo {

using codec::ProxyHeader;
using State = codec::ProxyVerdict::State;

namespace {

void name_peer(ConnectionRow& row, const ProxyHeader& header) {
  if (header.peer == ProxyHeader::Peer::proxy) return;
  std::memcpy(row.peer_ip, header.source.bytes.data(), sizeof row.peer_ip);
  row.peer_port = header.source_port;
}

}  // namespace

// As long as it stands here it is of no kind that anybody looks for.
Doorkeeper::Doorkeeper(const EntranceRules& rules, ConnectionPool& pool, Endpoint& inside, Log& log)
    : rules_(rules), pool_(pool), inside_(inside), own_(inside), log_(log) {
  own_.protocol = this;
  own_.kind = ConnectionKind::none;
}

Endpoint& Doorkeeper::endpoint() {
  bool open_to_all = rules_.access.empty() && rules_.proxies.empty();
  return open_to_all && !limits_connections() && !limits_requests() ? inside_ : own_;
}

bool Doorkeeper::limits_connections() const { return pool_.guard() && pool_.guard()->limits_connections(); }

// Of a raw service each connection is a request; HTTP sees to its own.
bool Doorkeeper::limits_requests() const {
  return inside_.kind == ConnectionKind::stream && pool_.guard() && pool_.guard()->limits_requests();
}

// A peer that is no proxy could say that it is anybody: it is kept out.
void Doorkeeper::on_open(net::Connection& connection) {
  if (rules_.proxies.empty()) return judge(connection);
  const uint8_t* peer = connection.row().ip_of_peer();
  if (!codec::any_contains(rules_.proxies, peer)) return connection.abort(CloseReason::denied);
  connection.set_deadline(connection.clock().now_ms + rules_.proxy_time_ms);
}

void Doorkeeper::on_data(net::Connection& connection) {
  ProxyHeader header;
  codec::ProxyVerdict verdict = codec::parse_proxy_header(connection.whole_input(), header);
  if (verdict.state == State::more) return;
  if (verdict.state == State::bad) return refuse_header(connection, verdict.fault);
  connection.consume(verdict.size);
  name_peer(connection.row(), header);
  connection.set_deadline(UINT64_MAX);
  judge(connection);
}

void Doorkeeper::judge(net::Connection& connection) {
  const uint8_t* peer = connection.row().ip_of_peer();
  if (!rules_.access.admits(peer)) return connection.abort(CloseReason::denied);
  if (limits_connections() && !pool_.enter(connection)) return connection.abort(CloseReason::too_many);
  uint32_t wait_s = 0;
  if (limits_requests() && !pool_.guard()->ask(peer, connection.clock().now_ms, wait_s))
    return connection.abort(CloseReason::too_many);
  let_in(connection);
}

// What came behind the header waits for a session that does not read at once.
void Doorkeeper::let_in(net::Connection& connection) {
  connection.change_endpoint(inside_);
  Protocol& protocol = *inside_.protocol;
  protocol.on_open(connection);
  if (connection.hears() && !connection.input().empty()) protocol.on_data(connection);
}

// Who looks whether somebody listens sends nothing at all.
void Doorkeeper::on_end(net::Connection& connection) {
  if (connection.input().empty()) connection.abort(CloseReason::peer_closed);
  else refuse_header(connection, "it ends too early");
}

void Doorkeeper::on_deadline(net::Connection& connection) { connection.abort(CloseReason::header_timeout); }

void Doorkeeper::on_drain(net::Connection& connection, DrainMode mode) {
  if (mode == DrainMode::stop) connection.abort(CloseReason::drained);
}

// A proxy that is set up wrongly is wrong on each connection.
void Doorkeeper::refuse_header(net::Connection& connection, const char* fault) {
  uint64_t now_ms = connection.clock().now_ms;
  if (now_ms >= silent_until_ms_) {
    silent_until_ms_ = now_ms + kComplainMs;
    std::string proxy = sys::peer_host(connection.row().ip_of_peer());
    log_.line("the PROXY header of " + proxy + " is broken: " + fault);
  }
  connection.abort(CloseReason::proxy_header);
}

}  // namespace oklo
