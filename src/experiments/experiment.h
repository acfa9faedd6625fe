#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// The classic failures of servers, each with the mend beside it. An experiment lets both run, in processes of
// its own, and counts. It takes a second or two; nothing of what it started is there when it has ended.
namespace oklo::experiments {

// A row of figures: what was counted, and what came of it, one figure for each column.
struct Finding {
  std::string name;
  std::vector<double> figures;
};

struct Outcome {
  // Most experiments: the fault first, then one mend or more. A comparison: what was measured.
  std::vector<std::string> columns;
  std::vector<Finding> findings;
  std::string verdict = {};  // what that shows, in a sentence or two
  // What could not be measured here, and why. Where nothing could, there are no findings.
  std::vector<std::string> not_taken = {};
};

struct Experiment {
  std::string_view name;  // "lost-edge"
  std::string_view line;  // what goes wrong, or what is measured
  std::string_view mend;  // what mends it; empty where nothing is to be mended
  Result<Outcome> (*run)();  // the error: what went wrong with the experiment itself
};

// In the order of the story.
const std::vector<Experiment>& catalogue();

// Nothing could be measured, because `reason`.
Outcome nothing_taken(std::string reason);

}  // namespace oklo::experiments
