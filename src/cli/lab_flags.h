#pragma once

#include <vector>

#include "cli/options.h"

namespace oklo::cli {

// The flags of `oklo lab`: what is put on the models, and where the pictures go.
const std::vector<Flag>& lab_flags();

}  // namespace oklo::cli
