#include "process/cover.h"

#include <algorithm>
#include <utility>

namespace oklo {

void Cover::update() {
  for (Slot* slot : slots_) update(*slot);
}

void Cover::update(Slot& slot) {
  bool wanted = !slot.current || !slot.current->serves();
  if (slot.helper && (!wanted || !slot.helper->serves())) {
    slot.helper->tell(ControlMessage::Type::leave, slot.index);
    slot.helper = nullptr;
  }
  if (!wanted || slot.helper) return;
  slot.helper = helper_for(slot);
  if (slot.helper) slot.helper->tell(ControlMessage::Type::serve, slot.index);
}

// The next slot whose worker is well.
Life* Cover::helper_for(const Slot& slot) const {
  for (size_t i = 1; i < slots_.size(); i++) {
    const Slot& other = *slots_[(slot.index + i) % slots_.size()];
    if (other.current && other.current->serves()) return other.current;
  }
  return nullptr;
}

void Cover::forget(const Life& life) {
  for (Slot* slot : slots_)
    if (slot->helper == &life) slot->helper = nullptr;
}

bool Cover::any_serves() const {
  return std::any_of(slots_.begin(), slots_.end(),
                     [](const Slot* slot) { return slot->current && slot->current->serves(); });
}

// At its own listeners, or at those that it serves for another; in process mode in the wires that it reads.
bool Cover::is_waited_for(const Life& life) const {
  if (wires_) return life.reads_wires && wires_->waits_for(life.slot);
  return std::any_of(slots_.begin(), slots_.end(), [&](const Slot* slot) {
    bool serves = slot->index == life.slot || slot->helper == &life;
    return serves && listeners_->queue_length(slot->index) > 0;
  });
}

// Idle workers sleep without a timeout, so no heartbeat comes from them. A worker is late when connections
// wait for it at two looks and its Reactor has not turned between them.
void Cover::look_at(Life& life, LifeRow& row) {
  uint64_t turns = row.turns.value();
  bool turned = turns != std::exchange(life.turns_seen, turns);
  bool waited_for = is_waited_for(life);
  if (turned) life.late = false;
  else if (waited_for && life.waited_for && life.state == Life::State::ready) life.late = true;
  life.waited_for = waited_for;
  std::string_view waits = row.full ? " is full: connections wait" : " is late: connections wait";
  if (row.late.exchange(life.late) != life.late)
    log_.line(life.describe().append(life.late ? waits : " is in time again"));
}

}  // namespace oklo
