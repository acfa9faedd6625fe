#include "process/orphans.h"

#include <algorithm>

#include "process/bury.h"
#include "process/slot_name.h"
#include "sys/process.h"

namespace oklo {

void Orphans::adopt() {
  const Scoreboard& scoreboard = *context_.scoreboard;
  uint64_t now_ms = context_.reactor->clock().now_ms;
  for (uint32_t i = scoreboard.gate_lives(); i < scoreboard.size(); i++) {
    const LifeRow& row = scoreboard.life(i);
    if (row.state.load() == LifeState::none || is_known(i)) continue;
    auto life = std::make_unique<Life>();
    life->index = i;
    life->slot = row.slot;
    life->is_worker = scoreboard.slot(row.slot).role == Role::worker;
    life->name = slot_name(scoreboard, row.slot);
    life->generation = row.generation;
    life->started_ms = now_ms;
    life->leave_by_ms = now_ms + context_.shutdown_timeout_ms + kExtraMs;
    lives_.push_back(std::move(life));
  }
  look();
}

bool Orphans::is_known(uint32_t index) const {
  return std::any_of(lives_.begin(), lives_.end(), [index](auto& life) { return life->index == index; });
}

void Orphans::on_timer() {
  look();
  on_gone_();
}

// The manager may have died between the row and its process, or between the end of a process and that of its
// row; a process that has just begun tells its pid soon.
void Orphans::look() {
  uint64_t now_ms = context_.reactor->clock().now_ms;
  for (size_t i = lives_.size(); i-- > 0;) {
    Life& life = *lives_[i];
    if (!life.pid) life.pid = context_.scoreboard->life(life.index).pid;
    bool gone = life.pid ? !sys::is_child(life.pid) : now_ms > life.started_ms + kNamelessMs;
    if (gone) forget(life);
    else if (life.pid && killing_) life.kill("all were ended at once");
    else if (life.pid && now_ms > life.leave_by_ms) end(life);
  }
  if (!lives_.empty()) context_.reactor->timers().arm(*this, now_ms + kLookMs);
}

void Orphans::end(Life& life) {
  if (life.state == Life::State::killed) return;
  context_.log->line(life.describe() + ", whose manager is gone, did not leave in time, it is killed");
  life.kill("it did not leave in time");
}

void Orphans::forget(const Life& life) {
  bury(context_, life, Keeper::gate);
  std::erase_if(lives_, [&life](auto& one) { return one.get() == &life; });
}

// It was reaped, so it is no child any more.
void Orphans::on_child_event() {
  if (lives_.empty()) return;
  look();
  on_gone_();
}

void Orphans::kill_all() {
  killing_ = true;
  look();
}

}  // namespace oklo
