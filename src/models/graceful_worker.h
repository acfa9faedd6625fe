#pragma once

#include "models/listener.h"

namespace oklo::models {

// The worker of the model `signals`: serves until SIGTERM or SIGINT, then answers what was asked, for at most
// five seconds, and comes back. SIGUSR1 has it tell on stderr how it is. Signals that come before it waits
// for them must be blocked.
void serve_until_told(Listener& listener, unsigned number);

}  // namespace oklo::models
