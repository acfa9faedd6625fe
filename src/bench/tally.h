#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "base/counter.h"
#include "bench/outcome.h"

namespace oklo::bench {

// What one thread counts. Another one may look at the Counters meanwhile.
class Tally {
 public:
  Tally() = default;
  Tally(const Tally&) = delete;
  Tally& operator=(const Tally&) = delete;

  void count(Fault fault) { faults_[static_cast<size_t>(fault)].add(1); }
  void count_answer(uint64_t ns, uint64_t length);
  // The first answer of a connection had that value of the field that the plan names.
  void count_value(std::string_view value);

  uint64_t answers() const { return answers_.value(); }
  uint64_t errors() const;

  void add_to(Outcome& outcome) const;

  // Of its own thread alone.
  LatencyHistogram latency;
  uint64_t bytes = 0;
  uint64_t connects = 0;
  uint64_t unanswered = 0;
  uint64_t slow_answers = 0;
  unsigned served = 0;
  unsigned idle_lost = 0;

 private:
  static constexpr size_t kValuesMax = 1024;  // of the field; all others are counted together

  Counter answers_;
  std::array<Counter, kFaults> faults_;
  uint64_t first_length_ = 0;
  uint64_t other_length_ = 0;
  std::map<std::string, uint64_t, std::less<>> values_;
};

}  // namespace oklo::bench
