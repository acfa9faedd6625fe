#pragma once

#include <string>

#include "process/keeper_context.h"
#include "process/life.h"

namespace oklo {

// Looks at the turn of a thread of `life`. When it takes longer than the policy allows,
// the log tells so, once, and the thread its stack; when it goes on at the next look, the life is killed
// where that is wanted. `who`: the thread, as the log names it. Nobody is to look at one that is stopped.
Verdict watch_turn(const KeeperContext& context, Life& life, const ThreadTurn& turn, Watched& watched,
                   const std::string& who);

// The calling thread, which tells of its turn there, tells its stack from now on when it is asked.
void answer_watchdog(ThreadTurn& turn, const Log& log, const std::string& name);

}  // namespace oklo
