#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/counter.h"

namespace oklo {

// How many values there were of which size, in a fixed number of counters: log-linear. Each power of two up
// to 2^kBits has two buckets of the same width, so a value is known to a half of itself at worst; all from
// 2^kBits on share the last one. One process writes it and any number of others read, as a Counter; zeroed
// memory is an empty one.
template <unsigned kBits>
class Histogram {
 public:
  static constexpr size_t kBuckets = 2 * kBits + 1;

  static size_t bucket_of(uint64_t value) {
    if (value < 2) return static_cast<size_t>(value);
    unsigned power = static_cast<unsigned>(std::bit_width(value)) - 1;
    if (power >= kBits) return kBuckets - 1;
    return 2 * power + (value >> (power - 1) & 1);
  }
  // The smallest value of a bucket; the one before ends below it.
  static constexpr uint64_t begin_of(size_t bucket) {
    return bucket < 2 ? bucket : uint64_t{2 + bucket % 2} << (bucket / 2 - 1);
  }

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
