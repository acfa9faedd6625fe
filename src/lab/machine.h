#pragma once

#include "lab/figures.h"

namespace oklo::lab {

// The machine that this runs on, and the date; empty and zero where /proc does not tell.
Machine this_machine();

// All that in a line: "AMD EPYC, 4 processors, 24 GiB, Linux 6.18.44; 2026-11-22".
std::string describe(const Machine& machine);

}  // namespace oklo::lab
