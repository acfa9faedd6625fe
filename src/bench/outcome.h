#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench/fault.h"
#include "bench/latency_histogram.h"

namespace oklo::bench {

// From which part of its time on a thread that makes load, or would if it could, is the bottleneck itself.
inline constexpr double kBusy = 0.9;

// What came of a load. Slow and idle connections count in none but their own fields and in the errors;
// answers from before the load has begun, only in served and tally.
struct Outcome {
  uint64_t answers = 0;  // whole and right
  uint64_t bytes = 0;    // received, of whatever
  double seconds = 0;
  // From the moment when a request was sent, in an open loop when it was due, to the end of its answer. In an
  // open loop also of those that timed out or still waited at the end, as long as they had waited then.
  LatencyHistogram latency_us;
  uint64_t connects = 0;  // connections made, of all sorts
  std::array<uint64_t, kFaults> faults = {};
  uint64_t unanswered = 0;    // requests that were due, and waited at the end
  uint64_t other_length = 0;  // answers whose body had not the length of the first one's
  unsigned served = 0;        // connections of the plan that had at least one answer
  unsigned idle_lost = 0;     // idle connections that the server has closed
  uint64_t slow_answers = 0;
  std::vector<std::pair<std::string, uint64_t>> tally;  // values of the field, the smallest first
  double busy = 0;    // part of its time for which the busiest thread had a processor
  double wanted = 0;  // and for which one had it or waited for it, as others had it

  uint64_t count(Fault fault) const { return faults[static_cast<size_t>(fault)]; }
  uint64_t errors() const {
    uint64_t all = 0;
    for (uint64_t count : faults) all += count;
    return all;
  }
  double rate() const { return seconds > 0 ? static_cast<double>(answers) / seconds : 0; }
  // The load was at its own limit: the server may be faster.
  bool is_lower_bound() const { return wanted > kBusy; }
};

// How a load that is under way stands.
struct Progress {
  double seconds = 0;  // since it began
  uint64_t answers = 0;
  uint64_t errors = 0;
};

}  // namespace oklo::bench
