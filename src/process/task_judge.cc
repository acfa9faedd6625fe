#include "process/task_judge.h"

#include "base/number.h"

namespace oklo {

void judge_tasks(const Life& gone, TaskTable& tasks, Log& log) {
  TaskTable::Judged judged = tasks.end_life(gone.index);
  if (judged.retried) log.line("the task of " + gone.describe() + " is queued again");
  if (judged.died) log.line("the task of " + gone.describe() + " died with it");
}

// Between the two looks at the time nothing but that task was run.
std::string overdue_task(const Life& life, const LifeRow& row, TaskTable& tasks, uint64_t now_ms) {
  uint64_t since_ms = row.task_since_ms.value();
  std::optional<uint32_t> kind = since_ms ? tasks.running_kind(life.index) : std::nullopt;
  if (!kind || row.task_since_ms.value() != since_ms) return {};
  const TaskKind& of = tasks.kinds()[*kind];
  if (of.timeout_ms == 0 || now_ms < since_ms + of.timeout_ms) return {};
  tasks.time_out(life.index);
  return "its task " + of.name + " took longer than " + decimal(of.timeout_ms) + " ms";
}

}  // namespace oklo
