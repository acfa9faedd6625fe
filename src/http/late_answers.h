#pragma once

#include <cstdint>
#include <vector>

#include "http/exchange.h"
#include "http/late_answer.h"
#include "net/connections.h"

#include <oklo/function.h>
#include <oklo/request_id.h>
#include <oklo/response.h>

namespace oklo::http {

class HttpService;

// The answers of one worker that come later than their handlers return. It knows who may give them, when they
// are overdue and what becomes of them; the HttpService of the connection knows what follows an answer. One
// in each worker, which outlives the services.
class LateAnswers {
 public:
  LateAnswers();
  LateAnswers(const LateAnswers&) = delete;
  LateAnswers& operator=(const LateAnswers&) = delete;
  ~LateAnswers();

  // That of this thread; nullptr when there is none.
  static LateAnswers* current();

  // --- for handlers
  // Response::later, Response::events and oklo::answer.
  RequestId later(Reply& reply, uint32_t timeout_ms);
  RequestId begin_events(Reply& reply, uint32_t heartbeat_ms);
  bool answer(RequestId id, const Function<void(Response&)>& function);
  // Calls the function, once, when the answer can't be completed any more: the client is gone, or its time is
  // over. Of one that is complete it is dropped. False: there is no such request.
  bool on_gone(RequestId id, Function<void()> function);

  // --- for the HttpService of its connection
  // The handler has returned without a whole answer; `logged`: it will have a line in the log.
  void await(LateAnswer& late, const Exchange& exchange, bool logged);
  // The events of its connection. What came behind the request waits, as much as a block holds.
  void on_data(LateAnswer& late);
  void on_end(LateAnswer& late);
  void on_drained(LateAnswer& late);
  void on_deadline(LateAnswer& late);
  void on_stop(LateAnswer& late);
  // It is complete: its connection goes on in phase 6, when no handler is under way.
  void go_on_later(LateAnswer& late);
  void forget(LateAnswer& late);
  // Its connection has ended.
  void lose(LateAnswer& late);

 private:
  static HttpService& service_of(const LateAnswer& late);
  static void put_off(LateAnswer& late);
  static void arm(LateAnswer& late);
  LateAnswer& promise(net::Connection& connection);
  LateAnswer* find(RequestId id) const;
  void call(LateAnswer& late, const Function<void(Response&)>& function);
  void go_on();

  Connections* pool_ = nullptr;  // where the connections of all of them stand
  std::vector<RequestId> complete_;  // that go on in phase 6
  uint32_t last_number_ = 0;
  LateAnswers* before_;
};

// While it lives, the answer can't be promised for later: what follows the request is not read yet, or the
// connection may be about to change its protocol.
class NotLater {
 public:
  explicit NotLater(Reply& reply) : reply_(reply), late_answers_(reply.late_answers) {
    reply.late_answers = nullptr;
  }
  NotLater(const NotLater&) = delete;
  ~NotLater() { reply_.late_answers = late_answers_; }

 private:
  Reply& reply_;
  LateAnswers* late_answers_;
};

}  // namespace oklo::http
