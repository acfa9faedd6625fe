#pragma once

#include "base/result.h"
#include "bench/outcome.h"
#include "bench/plan.h"

#include <oklo/function.h>

namespace oklo::bench {

// Makes the load of the plan, in threads of its own, and waits until its time is over, whatever the server
// does. `progress`, if any, is called once a second in the thread that calls. The error says what could not
// be begun, such as more connections than this process may have files.
Result<Outcome> run(const Plan& plan, const Function<void(const Progress&)>& progress = nullptr);

}  // namespace oklo::bench
