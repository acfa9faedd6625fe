#pragma once

#include "process/application.h"

namespace oklo {

// Runs the master until the service has stopped: the exit code of the process (0, 1, 100, 111), after one
// line on stderr when it is not 0. With options.daemon it returns in the parent as soon as the service is
// up or has failed to come up. Only children of the master return from it otherwise never.
int run_master(const MasterOptions& options, Application& application);

}  // namespace oklo
