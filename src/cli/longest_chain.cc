#include "cli/longest_chain.h"

namespace oklo::cli {

namespace {

// Up to a billion no chain leaves 64 bits; beyond, what would is left out.
uint32_t steps_of(uint64_t number) {
  uint32_t steps = 0;
  for (; number != 1; steps++) {
    if (number > (UINT64_MAX - 1) / 3) return 0;
    number = number % 2 ? number * 3 + 1 : number / 2;
  }
  return steps;
}

}  // namespace

void LongestChain::look_at(uint64_t numbers) {
  for (uint64_t end = last_ + numbers; last_ < end;) {
    uint32_t steps = steps_of(++last_);
    if (best_ && steps <= steps_) continue;
    best_ = last_;
    steps_ = steps;
  }
}

}  // namespace oklo::cli
