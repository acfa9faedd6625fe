#pragma once

#include <string>

#include "lab/figures.h"

namespace oklo::lab {

// The report as one HTML page that needs nothing beside it.
std::string page(const Report& report);

}  // namespace oklo::lab
