#pragma once

#include "process/keeper_context.h"
#include "process/life.h"

namespace oklo {

// A life is gone, its process was reaped: what it held is free again, what it ran or had asked for is judged,
// and the threads of a gate hear of it. Its row may be given to another life afterwards.
void bury(const KeeperContext& context, const Life& gone, Keeper by);

}  // namespace oklo
