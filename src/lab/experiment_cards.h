#pragma once

#include <string>

#include "lab/figures.h"

namespace oklo::lab {

// The experiments for the page: a card for each, in which bars stand side by side, the fault first and then
// what mends it; a comparison of many figures is a table.
std::string experiment_cards(const Report& report);

}  // namespace oklo::lab
