#pragma once

#include <cstdint>
#include <vector>

#include "reactor/reactor.h"
#include "shm/scoreboard.h"

namespace oklo::http {

// Measures how long clients wait for answers, in one thread: from the turn in which the head of the request
// was complete until the begin of the answer was given to the socket. What a turn has to send goes out at its
// end, so one look at the clock there is true for all its answers, and a request costs none.
class AnswerTimes final : private EventHandler {
 public:
  // Both outlive it.
  AnswerTimes(Reactor& reactor, LatencyHistogram& histogram) : reactor_(reactor), histogram_(histogram) {}

  // An answer begins in this turn. The head of its request was complete in the turn of that time.
  void begins(uint64_t asked_us) {
    if (asked_us != reactor_.clock().now_us) return begins_late(asked_us);
    if (asked_now_++ == 0) reactor_.flush_last(*this);
  }

 private:
  void begins_late(uint64_t asked_us);
  void on_event(uint32_t) override {}
  void on_flush() override;

  Reactor& reactor_;
  LatencyHistogram& histogram_;
  uint64_t asked_now_ = 0;  // in this turn
  std::vector<uint64_t> asked_before_;
};

}  // namespace oklo::http
