#include "lab/median_load.h"

#include <algorithm>

#include "base/assert.h"

namespace oklo::lab {

LoadFigures median_load(std::vector<LoadFigures> tries) {
  OKLO_ASSERT(!tries.empty());
  auto taken_end = std::stable_partition(tries.begin(), tries.end(),
                                         [](const LoadFigures& load) { return load.missing.empty(); });
  if (taken_end == tries.begin()) return tries.front();
  auto middle = tries.begin() + (taken_end - tries.begin() - 1) / 2;
  auto is_slower = [](const LoadFigures& a, const LoadFigures& b) { return a.rate() < b.rate(); };
  std::nth_element(tries.begin(), middle, taken_end, is_slower);
  return *middle;
}

}  // namespace oklo::lab
