#pragma once

#include <vector>

#include "cli/options.h"

namespace oklo::cli {

// The flags of the command `bench`.
std::vector<Flag> bench_flags();

}  // namespace oklo::cli
