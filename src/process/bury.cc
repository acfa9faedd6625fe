#include "process/bury.h"

#include "process/task_judge.h"
#include "shm/address_table.h"

namespace oklo {

namespace {

void ring_gate(const KeeperContext& context) {
  const Scoreboard& scoreboard = *context.scoreboard;
  for (uint32_t i = 0; i < scoreboard.gate_lives(); i++)
    if (scoreboard.life(i).state.load() != LifeState::none) context.broadcast->bell(i).ring();
}

}  // namespace

void bury(const KeeperContext& context, const Life& gone, Keeper by) {
  context.connections->reclaim(gone.index);
  if (context.address_table) context.address_table->end_life(gone.index);
  if (context.tasks) judge_tasks(gone, *context.tasks, *context.log);
  context.scoreboard->end_life(gone.index, by);
  if (context.wires) ring_gate(context);
}

}  // namespace oklo
