#pragma once

#include "base/result.h"
#include "sys/process.h"

#include <oklo/function.h>

namespace oklo::models {

// A child that does that work and ends. It is killed when this process ends, also when that is killed; so the
// first thread of the process is to start it (PR_SET_PDEATHSIG, prctl(2)).
Result<pid_t> start_child(const Function<void()>& work);

// Starts as many children, each with its number, and waits for them: one that ends is started again. It comes
// back only when the first of them can't be started.
Result<void> keep_children(unsigned count, const Function<void(unsigned)>& work);

}  // namespace oklo::models
