#pragma once

#include <string>

#include "net/log.h"
#include "process/life.h"
#include "shm/scoreboard.h"
#include "shm/task_table.h"

namespace oklo {

// The process is gone: sees to what it ran and had asked for. Its row is not given to another life before.
void judge_tasks(const Life& gone, TaskTable& tasks, Log& log);

// The service stops: those that have not begun never will.
void drop_tasks(TaskTable& tasks, Log& log);

// Why a task worker is to be killed: the handler of its task takes longer than it may, and the task then ends
// as that, unless it had ended before. Empty: it is well.
std::string overdue_task(const LifeRow& row, TaskTable& tasks, uint64_t now_ms);

}  // namespace oklo
