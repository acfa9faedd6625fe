#include "process/wire_readers.h"

#include <utility>

namespace oklo {

void WireReaders::update() {
  for (Slot* slot : slots_) {
    Life* life = slot->current;
    bool wants = life && life->state == Life::State::ready && !life->reads_wires;
    if (!wants || anyone_reads(slot->index)) continue;
    life->reads_wires = true;
    scoreboard_.life(life->index).reads_wires = true;
    life->tell(ControlMessage::Type::serve, slot->index);
  }
}

bool WireReaders::anyone_reads(uint32_t slot) const {
  for (uint32_t i = 0; i < scoreboard_.size(); i++) {
    const LifeRow& row = scoreboard_.life(i);
    if (row.state.load() != LifeState::none && row.slot == slot && row.reads_wires) return true;
  }
  return false;
}

}  // namespace oklo
