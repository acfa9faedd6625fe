#pragma once

#include <string>

#include "net/log.h"
#include "process/life.h"
#include "shm/scoreboard.h"
#include "shm/task_table.h"

namespace oklo {

// The process is gone: sees to what it ran and had asked for. Its row is not given to another life before.
void judge_tasks(const Life& gone, TaskTable& tasks, Log& log);

// Why a task worker is to be killed: its task runs for longer than it may, and then ends as that. Empty: it
// is well.
std::string overdue_task(const Life& life, const LifeRow& row, TaskTable& tasks, uint64_t now_ms);

}  // namespace oklo
