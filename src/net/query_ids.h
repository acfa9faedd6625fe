#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/siphash.h"
#include "sys/random.h"

namespace oklo {

// Ids, and other numbers, that who has not seen them can't foresee: a keyed hash of a counter.
class QueryIds {
 public:
  uint16_t next() { return static_cast<uint16_t>(number()); }
  uint64_t number() {
    count_++;
    return siphash(key_, {reinterpret_cast<const char*>(&count_), sizeof count_});
  }

 private:
  std::array<uint64_t, 2> key_ = sys::random_key();
  uint64_t count_ = 0;
};

}  // namespace oklo
