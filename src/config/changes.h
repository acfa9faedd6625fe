#pragma once

#include <string>

#include "config/config.h"

namespace oklo::config {

// What a reload would change, for the person who asks: a line each for the listeners that come, go or change,
// and for what else is different, also what only a restart changes. Empty: nothing.
std::string changes(const Config& now, const Config& next);

}  // namespace oklo::config
