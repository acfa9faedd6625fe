#pragma once

#include "config/config.h"

#include <oklo/server.h>

namespace oklo::config {

// The server that a configuration means, ready to run. It keeps nothing of the configuration but copies.
Server make_server(const Config& config);

}  // namespace oklo::config
