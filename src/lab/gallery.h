#pragma once

#include <string_view>
#include <vector>

#include "models/model.h"

namespace oklo::lab {

// All ways to serve that can be run and measured side by side: the models, and behind them oklo itself in its
// two modes, which gives the same answer.
const std::vector<models::Model>& gallery();

// The one of that name, or nullptr.
const models::Model* find_model(std::string_view name);

}  // namespace oklo::lab
