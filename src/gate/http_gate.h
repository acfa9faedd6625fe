#pragma once

#include <memory>
#include <vector>

#include "codec/http_request.h"
#include "gate/deliveries.h"
#include "gate/http_lane.h"
#include "gate/port.h"
#include "gate/ws_gate.h"
#include "http/answer_times.h"
#include "http/date_line.h"
#include "http/route_table.h"
#include "net/protocol.h"

#include <oklo/limits.h>

namespace oklo::gate {

// What an HTTP connection in a reactor thread must remember between two events: plain, so that an idle one
// holds nothing else.
struct HttpGateSession {
  HttpLane* lane = nullptr;  // of a body that is on its way
  uint64_t confirmed = 0;    // ConnectionRow::bytes_out, as far as the worker knows or need not know
  uint64_t asked_us = 0;     // the turn in which the head was complete whose answer has not begun; 0: none
  uint16_t scanned = 0;      // bytes of the input that are known to be no complete head; of a body that is
                             // awaited: those that were there when the time began
  uint16_t wanted = 0;       // bytes of a request whose head is there, 0: it is not
  bool asked = false;        // a request is in the hands of a worker
  bool stalled = false;      // the next request waits until the answers are sent
  bool answered : 1 = false;  // some of the answer is there
  bool files : 1 = false;    // of that are files
  bool to_head : 1 = false;  // the request is HEAD
  bool ends : 1 = false;     // the connection ends after its answer, or what is left can't be read on
};

// HTTP/1.1 (RFC 9112) in a reactor thread: the connections, and where each request begins and ends. A worker
// reads it again, finds its route and answers.
class HttpGate final : public Protocol, public ThreadPort {
 public:
  // All outlive it.
  HttpGate(http::RouteTable& routes, const HttpLimits& limits, ConnectionPool& pool, Deliveries& deliveries,
           uint8_t listener);
  ~HttpGate() override;

  Endpoint& endpoint() { return endpoint_; }
  // From now on each request is the last one of its connection.
  void drain() { draining_ = true; }

  void on_open(net::Connection& connection) override;
  void on_data(net::Connection& connection) override;
  void on_end(net::Connection& connection) override;
  void on_drained(net::Connection& connection) override;
  void on_partly_sent(net::Connection& connection) override;
  void on_deadline(net::Connection& connection) override;
  void on_drain(net::Connection& connection, DrainMode mode) override;
  void on_close(net::Connection& connection, CloseReason reason) override;

  bool on_said(const codec::WireRecord& record, sys::Fd file) override;
  void on_done(net::Connection& connection) override;
  void on_lost(net::Connection& connection, bool close) override;
  bool may_repeat(net::Connection& connection, Told told) override;

 private:
  void read_request(net::Connection& connection);
  void judge_head(net::Connection& connection);
  void await(net::Connection& connection, uint32_t time_ms);
  void ask_with_body_behind(net::Connection& connection);
  void ask(net::Connection& connection, size_t size, uint16_t flags = 0);
  void hold_input(net::Connection& connection);
  void confirm(net::Connection& connection);
  void answer_begins(HttpGateSession& session);
  void settle_socket(net::Connection& connection, WsGate& socket);
  void go_on(net::Connection& connection);
  void close_idle(net::Connection& connection);
  WsGate* socket_of(const net::Connection& connection) const;
  bool may_be_said(const codec::WireRecord& record) const;
  void obey(net::Connection& connection, const codec::WireRecord& record, sys::Fd file);
  void send_file(net::Connection& connection, std::string_view range, sys::Fd file);
  void become_socket(net::Connection& connection, uint32_t route);
  void end_as_told(net::Connection& connection, uint16_t flags);
  void answer_502(net::Connection& connection, bool close);

  const HttpLimits& limits_;
  const codec::HeadLimits head_limits_;
  ConnectionPool& pool_;
  Deliveries& deliveries_;
  Endpoint endpoint_;
  http::AnswerTimes times_;
  http::DateLine date_line_;
  codec::RequestHead head_;                     // of the request that is read now
  std::vector<std::unique_ptr<WsGate>> upgrades_;  // [route]; nullptr: it has none
  bool draining_ = false;
  bool stopping_ = false;
};

}  // namespace oklo::gate
