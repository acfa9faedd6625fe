#pragma once

#include <vector>

#include "process/slot.h"
#include "shm/scoreboard.h"

namespace oklo {

// In process mode: sees to it that at most one life reads the wires of a slot. Who is to read them begins
// when the one before reads no more, or is gone; that may belong to a manager that is gone. Owned by the
// Supervisor.
class WireReaders {
 public:
  explicit WireReaders(const Scoreboard& scoreboard) : scoreboard_(scoreboard) {}

  // It outlives this.
  void add(Slot& of_worker) { slots_.push_back(&of_worker); }
  // Tells those that may begin. To be called when anything has changed, and from time to time.
  void update();

 private:
  bool anyone_reads(uint32_t slot) const;

  const Scoreboard& scoreboard_;
  std::vector<Slot*> slots_;
};

}  // namespace oklo
