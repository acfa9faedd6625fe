#pragma once

#include <vector>

#include "process/slot.h"
#include "reactor/reactor.h"
#include "shm/scoreboard.h"

namespace oklo {

// In process mode: sees to it that at most one life reads the wires of a slot. Who is to read them begins
// when the one before reads no more, or is gone. That may belong to a manager that is gone, and then nobody
// hears of it: so it is looked again as long as one waits. Owned by the Supervisor.
class WireReaders final : private Timer {
 public:
  WireReaders(Reactor& reactor, const Scoreboard& scoreboard) : reactor_(reactor), scoreboard_(scoreboard) {}

  // It outlives this.
  void add(Slot& of_worker) { slots_.push_back(&of_worker); }
  // Tells those that may begin. To be called when anything has changed.
  void update();

 private:
  static constexpr uint32_t kLookMs = 10;

  void on_timer() override { update(); }
  bool waits(const Slot& slot) const;
  bool anyone_reads(uint32_t slot) const;

  Reactor& reactor_;
  const Scoreboard& scoreboard_;
  std::vector<Slot*> slots_;
};

}  // namespace oklo
