#pragma once

#include "process/keeper_context.h"
#include "sys/fd.h"

namespace oklo {

// The manager of process mode, from fork to exit: it keeps the workers, the task workers and the processes of
// the program's own, as the master does in base mode. It keeps the rights of the master, whose children it
// forks; its own children outlive it only until they have left.
[[noreturn]] void run_manager(const KeeperContext& master, LifeRow& row, sys::Fd channel);

}  // namespace oklo
