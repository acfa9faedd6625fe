#pragma once

#include <cstdint>

namespace oklo::cli {

// Work without an end: from 1 on, which number takes the most steps to come to 1, where an even number is
// halved, and an odd one becomes three times itself and one (Collatz, 1937).
class LongestChain {
 public:
  // Looks at so many more numbers.
  void look_at(uint64_t numbers);

  uint64_t looked_at() const { return last_; }
  uint64_t best() const { return best_; }    // the first that takes so many steps
  uint32_t steps() const { return steps_; }  // of the best

 private:
  uint64_t last_ = 0;
  uint64_t best_ = 0;
  uint32_t steps_ = 0;
};

}  // namespace oklo::cli
