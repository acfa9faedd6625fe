#include "http/answer_times.h"

#include <utility>

#include "sys/time.h"

namespace oklo::http {

void AnswerTimes::begins_late(uint64_t asked_us) {
  asked_before_.push_back(asked_us);
  reactor_.flush_last(*this);
}

void AnswerTimes::on_flush() {
  uint64_t now_us = sys::monotonic_us();
  if (asked_now_) histogram_.add(now_us - reactor_.clock().now_us, std::exchange(asked_now_, 0));
  for (uint64_t asked_us : asked_before_) histogram_.add(now_us - asked_us);
  asked_before_.clear();
}

}  // namespace oklo::http
