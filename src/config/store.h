#pragma once

#include <string>
#include <vector>

#include "config/claims.h"
#include "config/directive.h"
#include "config/syntax.h"

namespace oklo::config {

// Puts the words of a statement where its directive says, one without a block. What is wrong with them is
// added to the faults, what must be there in the host to the claims.
void store(Faults& faults, const Directive& directive, const Statement& statement, Target& target,
           std::vector<Claim>& claims);

}  // namespace oklo::config
