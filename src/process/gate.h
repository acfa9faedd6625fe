#pragma once

#include <vector>

#include "process/keeper_context.h"
#include "sys/fd.h"

namespace oklo {

// The gate of process mode, from fork to exit: one process whose threads own the connections of clients. Each
// thread is a life with a row, a Reactor and a service of its own, and the listeners of its number; the first
// thread of the process serves nobody, but passes on what the master says. `rows`: those of the threads.
[[noreturn]] void run_gate(const KeeperContext& master, const std::vector<uint32_t>& rows, sys::Fd channel);

}  // namespace oklo
