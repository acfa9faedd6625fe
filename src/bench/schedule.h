#pragma once

#include <cstdint>
#include <deque>

namespace oklo::bench {

// When the requests of an open loop are due: at a steady rate from the start on, whatever became of those
// before. It deals out the requests of one thread of several: of all that the rate asks for each n-th.
class Schedule {
 public:
  Schedule(uint64_t rate, uint64_t start_ns, unsigned part, unsigned parts)
      : rate_(rate), start_ns_(start_ns), next_(part), step_(parts) {}

  // When the next one is due; it may be long past.
  uint64_t next_ns() const { return again_.empty() ? due_ns(next_) : again_.front(); }
  void pop() {
    if (again_.empty()) next_ += step_;
    else again_.pop_front();
  }
  // One that was sent and must be sent again: it stays due when it was.
  void put_back(uint64_t ns) { again_.push_back(ns); }

 private:
  static constexpr uint64_t kSecond = 1'000'000'000;

  uint64_t due_ns(uint64_t n) const {
    return start_ns_ + n / rate_ * kSecond + n % rate_ * kSecond / rate_;
  }

  uint64_t rate_;
  uint64_t start_ns_;
  uint64_t next_;
  unsigned step_;
  std::deque<uint64_t> again_;
};

}  // namespace oklo::bench
