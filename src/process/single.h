#pragma once

#include "process/application.h"

namespace oklo {

// Serves with one worker in this very process, without a fork, for debuggers: no supervision, no reload, no
// commands, no other user. SIGTERM and SIGINT stop it gracefully, a second one at once. Answers as
// run_master does.
int run_single(const MasterOptions& options, Application& application);

}  // namespace oklo
