#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/counter.h"

namespace oklo {

// Numbers of buckets, log-linear: each power of two up to 2^kBits has 2^kStepBits of them, of the same width,
// and what is less has one for each value; all from 2^kBits on share the last one.
template <unsigned kBits, unsigned kStepBits>
struct LogLinear {
  static constexpr size_t kSteps = size_t{1} << kStepBits;
  static constexpr size_t kBuckets = (kBits - kStepBits + 1) * kSteps + 1;

  static constexpr size_t bucket_of(uint64_t value) {
    if (value < kSteps) return static_cast<size_t>(value);
    unsigned power = static_cast<unsigned>(std::bit_width(value)) - 1;
    if (power >= kBits) return kBuckets - 1;
    unsigned shift = power - kStepBits;
    return (shift + 1) * kSteps + static_cast<size_t>((value >> shift) % kSteps);
  }
  // The smallest value of a bucket; the one before ends below it.
  static constexpr uint64_t begin_of(size_t bucket) {
    return bucket < kSteps ? bucket : uint64_t{kSteps + bucket % kSteps} << (bucket / kSteps - 1);
  }
};

// How many values there were of which size, in a fixed number of counters: with two buckets for each power of
// two a value is known to a half of itself at worst. One process writes it and any number of others read, as
// a Counter; zeroed memory is an empty one.
template <unsigned kBits>
class Histogram : public LogLinear<kBits, 1> {
 public:
  using LogLinear<kBits, 1>::kBuckets;
  using LogLinear<kBits, 1>::begin_of;
  using LogLinear<kBits, 1>::bucket_of;

  void add(uint64_t value, uint64_t times = 1) {
    counts_[bucket_of(value)].add(times);
    sum_.add(value * times);
  }
  // For its writer: adds all that another one has counted.
  void merge(const Histogram& other) {
    for (size_t i = 0; i < kBuckets; i++) counts_[i].add(other.count(i));
    sum_.add(other.sum());
  }

  // For its writer: counts what that one has counted, and no less than before.
  void follow(const Histogram& other) {
    for (size_t i = 0; i < kBuckets; i++) counts_[i].set(std::max(count(i), other.count(i)));
    sum_.set(std::max(sum(), other.sum()));
  }

  uint64_t sum() const { return sum_.value(); }
  uint64_t count(size_t bucket) const { return counts_[bucket].value(); }
  uint64_t count() const {
    uint64_t all = 0;
    for (const Counter& count : counts_) all += count.value();
    return all;
  }
  // About the value that so many of a thousand do not exceed; 0 when there is none. Nothing is known of those
  // in the last bucket but where it begins.
  uint64_t value_at(unsigned per_mille) const {
    uint64_t rank = (count() * per_mille + 999) / 1000;
    for (size_t i = 0; i < kBuckets - 1 && rank > 0; i++) {
      uint64_t here = count(i);
      if (rank <= here) return begin_of(i) + (begin_of(i + 1) - begin_of(i)) * rank / here;
      rank -= here;
    }
    return rank ? begin_of(kBuckets - 1) : 0;
  }

 private:
  Counter sum_;
  std::array<Counter, kBuckets> counts_;
};

}  // namespace oklo
