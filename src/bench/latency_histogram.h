#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/histogram.h"

namespace oklo::bench {

// How long requests took: counted in nanoseconds and told in microseconds, each within 1 %.
class LatencyHistogram {
 public:
  void add_ns(uint64_t ns) {
    counts_[Scale::bucket_of(ns)]++;
    count_++;
    sum_ns_ += ns;
    max_ns_ = std::max(max_ns_, ns);
  }
  void merge(const LatencyHistogram& other) {
    for (size_t i = 0; i < counts_.size(); i++) counts_[i] += other.counts_[i];
    count_ += other.count_;
    sum_ns_ += other.sum_ns_;
    max_ns_ = std::max(max_ns_, other.max_ns_);
  }

  uint64_t count() const { return count_; }
  double max() const { return microseconds(max_ns_); }
  double mean() const { return count_ ? microseconds(sum_ns_) / static_cast<double>(count_) : 0; }

  // What so many percent of the values do not exceed; 0 when there are none.
  double value_at(double percent) const {
    auto rank = static_cast<uint64_t>(std::ceil(percent / 100 * static_cast<double>(count_)));
    rank = std::clamp<uint64_t>(rank, 1, std::max<uint64_t>(count_, 1));
    for (size_t i = 0; i + 1 < Scale::kBuckets; i++) {
      if (rank <= counts_[i]) return std::min(microseconds(middle_of(i)), max());
      rank -= counts_[i];
    }
    return max();
  }

 private:
  using Scale = LogLinear<40, 6>;  // up to 18 minutes; the middle of a bucket is within 1/128 of its values

  static uint64_t middle_of(size_t bucket) {
    return (Scale::begin_of(bucket) + Scale::begin_of(bucket + 1) - 1) / 2;
  }
  static double microseconds(uint64_t ns) { return static_cast<double>(ns) / 1000; }

  std::vector<uint64_t> counts_ = std::vector<uint64_t>(Scale::kBuckets);
  uint64_t count_ = 0;
  uint64_t sum_ns_ = 0;
  uint64_t max_ns_ = 0;
};

}  // namespace oklo::bench
