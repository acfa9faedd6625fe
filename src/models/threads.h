#pragma once

#include <vector>

#include "base/result.h"
#include "sys/thread.h"

#include <oklo/function.h>

namespace oklo::models {

// Starts as many threads, each with its number, or fewer where the system gives no more; none is an error.
// What `work` uses, and itself, must live as long as they do.
Result<std::vector<sys::Thread>> start_threads(unsigned count, const Function<void(unsigned)>& work);

}  // namespace oklo::models
