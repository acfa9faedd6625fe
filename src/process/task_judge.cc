#include "process/task_judge.h"

#include "base/number.h"

namespace oklo {

void judge_tasks(const Life& gone, TaskTable& tasks, Log& log) {
  TaskTable::Judged judged = tasks.end_life(gone.index);
  if (judged.retried) log.line("the task of " + gone.describe() + " is queued again");
  if (judged.died) log.line("the task of " + gone.describe() + " died with it");
}

void drop_tasks(TaskTable& tasks, Log& log) {
  if (uint32_t dropped = tasks.stop()) log.line(decimal(dropped) + " tasks that had not begun are dropped");
}

// It may end meanwhile: then that was not too late, and the next one has done no wrong.
std::string overdue_task(const LifeRow& row, TaskTable& tasks, uint64_t now_ms) {
  RunningTask task = row.task.value();
  if (task.since_ms == 0) return {};
  const TaskKind& of = tasks.kinds()[task.kind];
  if (of.timeout_ms == 0 || now_ms < task.since_ms + of.timeout_ms) return {};
  tasks.time_out({task.record, task.generation});
  if (row.task.value() != task) return {};
  return "its task " + of.name + " took longer than " + decimal(of.timeout_ms) + " ms";
}

}  // namespace oklo
