#pragma once

#include <string>

#include "lab/figures.h"

namespace oklo::cli {

// The report as one JSON object, with an end of line. Times are in microseconds, memory in bytes; what was
// not taken says why.
std::string lab_json(const lab::Report& report);

}  // namespace oklo::cli
