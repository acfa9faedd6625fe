#pragma once

#include <string>

#include "lab/figures.h"

namespace oklo::lab {

// The report as one SVG for a README: a small multiple for each model.
std::string picture(const Report& report);

}  // namespace oklo::lab
