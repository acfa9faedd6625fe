#pragma once

#include <vector>

#include "lab/figures.h"

namespace oklo::lab {

// Of some tries of one load the one whose rate is in the middle, or below it where two are; of those that
// were not taken none, unless there is no other.
LoadFigures median_load(std::vector<LoadFigures> tries);

}  // namespace oklo::lab
