#include "process/wire_readers.h"

namespace oklo {

void WireReaders::update() {
  bool more = false;
  for (Slot* slot : slots_) {
    if (!waits(*slot)) continue;
    if (anyone_reads(slot->index)) {
      more = true;
      continue;
    }
    slot->current->reads_wires = true;
    scoreboard_.life(slot->current->index).reads_wires = true;
    slot->current->tell(ControlMessage::Type::serve, slot->index);
  }
  if (more) reactor_.timers().arm(*this, reactor_.clock().now_ms + kLookMs);
}

bool WireReaders::waits(const Slot& slot) const {
  return slot.current && slot.current->state == Life::State::ready && !slot.current->reads_wires;
}

bool WireReaders::anyone_reads(uint32_t slot) const {
  for (uint32_t i = 0; i < scoreboard_.size(); i++) {
    const LifeRow& row = scoreboard_.life(i);
    if (row.state.load() != LifeState::none && row.slot == slot && row.reads_wires) return true;
  }
  return false;
}

}  // namespace oklo
