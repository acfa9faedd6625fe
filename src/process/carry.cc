#include "process/carry.h"

namespace oklo {

namespace {

// The n-th slot of a role follows the n-th one; what has no follower goes to the first.
void carry_restarts(const Scoreboard& from, const Scoreboard& to) {
  for (Role role : {Role::worker, Role::process, Role::task_worker, Role::gate_thread, Role::manager}) {
    std::vector<SlotRow*> followers;
    for (uint32_t i = 0; i < to.slots(); i++)
      if (to.slot(i).role == role) followers.push_back(&to.slot(i));
    size_t place = 0;
    for (uint32_t i = 0; i < from.slots() && !followers.empty(); i++) {
      if (from.slot(i).role != role) continue;
      followers[place < followers.size() ? place : 0]->restarts += from.slot(i).restarts;
      place++;
    }
  }
}

}  // namespace

void carry(const SharedState& from, const SharedState& to) {
  to.scoreboard.carry(from.scoreboard);
  if (from.tasks && to.tasks) to.tasks->carry(from.tasks->counts());
}

void carry_service(const SharedState& from, const SharedState& to) {
  const ServiceRow& before = from.scoreboard.service();
  ServiceRow& service = to.scoreboard.service();
  service.reloads = before.reloads.load();
  service.reloads_failed = before.reloads_failed.load();
  service.generations_ended = before.generations_ended.load();
  service.error_lines_dropped.set(before.error_lines_dropped.value());
  service.started_ms.set(before.started_ms.value());
  carry_restarts(from.scoreboard, to.scoreboard);
  carry(from, to);
}

}  // namespace oklo
