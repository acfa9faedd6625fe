#pragma once

#include <vector>

#include "process/listeners.h"
#include "process/slot.h"
#include "process/wires.h"

namespace oklo {

// Sees to it that the listeners of a slot whose worker is missing, stopped or late are served by a neighbour.
// In process mode it only finds out who is late: the gate passes over that one. Owned by the Supervisor.
class Cover {
 public:
  Cover(const Listeners* listeners, const Wires* wires, Log& log)
      : listeners_(listeners), wires_(wires), log_(log) {}

  // In the order of their indexes; they outlive it.
  void add(Slot& of_worker) { slots_.push_back(&of_worker); }

  // Steps in where it is needed, and back where it is not any more.
  void update();
  // It is gone.
  void forget(const Life& life);

  bool any_serves() const;
  // Finds out whether it is late, from time to time.
  void look_at(Life& life, LifeRow& row);

 private:
  void update(Slot& slot);
  bool is_waited_for(const Life& life) const;
  Life* helper_for(const Slot& slot) const;

  const Listeners* listeners_;  // nullptr: process mode
  const Wires* wires_;          // nullptr: base mode
  Log& log_;
  std::vector<Slot*> slots_;
};

}  // namespace oklo
