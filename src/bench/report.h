#pragma once

#include <string>
#include <string_view>

#include "bench/outcome.h"

namespace oklo::bench {

// What came of the load, for people: several lines.
std::string report_text(const Outcome& outcome);
// One line without an end, for a terminal: `before` is how it stood the last time.
std::string progress_text(const Progress& now, const Progress& before);

}  // namespace oklo::bench
