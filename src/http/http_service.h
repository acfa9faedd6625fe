#pragma once

#include <cstdint>

#include "codec/chunked.h"
#include "http/access_log.h"
#include "http/answer_times.h"
#include "http/date_line.h"
#include "http/exchange.h"
#include "http/route_table.h"
#include "net/connection.h"
#include "net/protocol.h"
#include "shm/address_guard.h"
#include "shm/scoreboard.h"

#include <oklo/limits.h>

namespace oklo::http {

class LateAnswers;
struct LateAnswer;
struct PendingRequest;

// What an HTTP connection must remember between two events: plain, so that an idle connection holds
// nothing else.
struct HttpSession {
  PendingRequest* pending = nullptr;  // the request whose body is still coming
  LateAnswer* late = nullptr;         // the answer that comes later
  uint32_t scanned = 0;               // bytes of the input that are known to be no complete head
  bool stalled = false;               // more input waits until the answers are there and sent
};

// HTTP/1.1 (RFC 9112) for one listener, in one worker: reads requests from connections, finds their
// route, has them answered, keeps to the limits.
class HttpService final : public Protocol {
 public:
  // All of these outlive it. `log` may be null, and `times` is where the thread does not send the answers.
  HttpService(const RouteTable& routes, const HttpLimits& limits, LifeRow& life, AccessLog* log,
              AnswerTimes* times = nullptr);

  // From now on: what the addresses of clients may do. It outlives it.
  void guard_with(AddressGuard& guard) { guard_ = guard.limits_requests() ? &guard : nullptr; }

  void on_open(net::Connection& connection) override;
  void on_data(net::Connection& connection) override;
  void on_end(net::Connection& connection) override;
  void on_drained(net::Connection& connection) override;
  void on_deadline(net::Connection& connection) override;
  void on_drain(net::Connection& connection, DrainMode mode) override;
  void on_close(net::Connection& connection, CloseReason reason) override;

  // From now on each answer is the last one of its connection.
  void drain() { draining_ = true; }
  // Whether it has a stream of events, whose client has left when it ends its sending side.
  static bool listens(net::Connection& connection);
  bool draining() const { return draining_; }
  bool stopping() const { return stopping_; }
  // Whether all that has come is answered; the answers may still wait to be sent.
  static bool answered(net::Connection& connection);
  // Whether the body of a request is still to come.
  static bool awaits_body(net::Connection& connection);

  // --- for LateAnswers
  // The first of a late answer is there.
  void begins(const Reply& reply) {
    if (times_) times_->begins(reply.asked_us);
  }
  // A late answer is complete.
  void finish_late(LateAnswer& late);
  // The next request may be read.
  void go_on(net::Connection& connection);

 private:
  // --- reading requests
  bool read_request(net::Connection& connection);
  bool head_may_be_complete(net::Connection& connection) const;
  void await_head(net::Connection& connection);
  bool begin_request(net::Connection& connection);
  void prepare(Exchange& exchange, net::Connection& connection);
  bool turn_away(net::Connection& connection);

  // --- bodies
  bool find_body(net::Connection& connection, size_t& size);
  bool accept_body(net::Connection& connection);
  void await_body(net::Connection& connection);
  void feed_body(net::Connection& connection);
  void take_piece(PendingRequest& pending, std::string_view piece);
  void complete_body(net::Connection& connection);
  void check_body_rate(net::Connection& connection);

  // --- answering
  void dispatch(Exchange& exchange);
  static bool wants_upgrade(const Exchange& exchange);
  bool try_upgrade(net::Connection& connection);
  void finish(net::Connection& connection, Exchange& exchange, bool body_unread = false);
  void hold_input(net::Connection& connection);
  bool settle_incomplete(net::Connection& connection, Exchange& exchange);
  void count(const Reply& reply, const RequestWords& words);
  void close_idle(net::Connection& connection);
  void end_connection(net::Connection& connection, bool client_keeps, bool body_unread);
  void refuse(net::Connection& connection, int status, CloseReason reason);
  uint64_t body_bytes_max(const Exchange& exchange) const;

  const RouteTable& routes_;
  const HttpLimits& limits_;
  const codec::HeadLimits head_limits_;
  LifeRow& life_;
  AccessLog* log_;
  AnswerTimes* times_;
  DateLine date_line_;
  LateAnswers* late_answers_;        // of the worker
  AddressGuard* guard_ = nullptr;    // nullptr: as many requests as they like
  Exchange current_;
  RouteTable::Methods allowed_ = 0;  // for the path of the current request
  bool draining_ = false;
  bool stopping_ = false;              // what has nothing under way is closed
};

}  // namespace oklo::http
