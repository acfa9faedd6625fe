#pragma once

#include <string>
#include <vector>

#include "config/directive.h"
#include "config/syntax.h"

namespace oklo::config {

// Something that must be there in the host, and where the configuration names it.
struct Claim {
  Type type = Type::directory;  // directory; file: the directory that it is in; user
  std::string value;
  Place place;
};

// Puts the words of a statement where its directive says, one without a block. What is wrong with them is
// added to the faults, what must be there in the host to the claims.
void store(Faults& faults, const Directive& directive, const Statement& statement, Target& target,
           std::vector<Claim>& claims);

// A socket or a file for which there must be a directory.
void claim_file(std::vector<Claim>& claims, const std::string& path, Place place);

}  // namespace oklo::config
