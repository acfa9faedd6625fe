#pragma once

#include "process/application.h"

namespace oklo {

// Runs the master until the service has stopped. Answers the exit code of the process: 0, or after one line
// on stderr 1 (failed), 100 (wrong options) or 111 (a temporary failure). With options.daemon it returns in
// the process that was started as soon as the service is up or has failed to come up. The workers never
// return from it.
int run_master(const MasterOptions& options, Application& application);

}  // namespace oklo
