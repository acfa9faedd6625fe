#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/directive.h"
#include "config/faults.h"

namespace oklo::config {

// A block that is being read.
struct OpenBlock {
  Block block;
  Target target;
  struct Seen {
    const Directive* directive;
    Place place;
  };
  std::vector<Seen> seen = {};
  const Directive* answer = nullptr;
  bool has_unknown = false;  // directives, which were told: one of them may be what is missing
  std::vector<std::pair<std::string, Place>> routes = {};  // patterns without the names of their parameters

  // Where the directive of that name stands in it; nullptr: nowhere.
  const Place* place_of(std::string_view name) const {
    for (const Seen& one : seen)
      if (one.directive->name == name) return &one.place;
    return nullptr;
  }
};

}  // namespace oklo::config
