#pragma once

#include <vector>

#include "config/store.h"

namespace oklo::config {

// What statements mean.
struct Meaning {
  Config config;
  std::vector<Claim> claims;
};

// Reads the statements of a whole configuration by the table of directives. What is wrong with them is added
// to the faults, and then the meaning is of no use.
Meaning read_meaning(Faults& faults, const std::vector<Statement>& statements);

}  // namespace oklo::config
