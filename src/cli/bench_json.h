#pragma once

#include <string>

#include "bench/outcome.h"

namespace oklo::cli {

// What came of a load, with an end of line behind it. Latencies are in microseconds.
std::string bench_json(const bench::Outcome& outcome);

}  // namespace oklo::cli
