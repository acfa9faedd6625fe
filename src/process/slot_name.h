#pragma once

#include <string>

#include "base/number.h"
#include "shm/scoreboard.h"

namespace oklo {

// "worker 1", "gate 1", "task worker 1", or the name of a process.
inline std::string slot_name(const Scoreboard& scoreboard, uint32_t slot) {
  const SlotRow& row = scoreboard.slot(slot);
  return row.role == Role::worker ? "worker " + decimal(slot + 1) : std::string(row.name);
}

}  // namespace oklo
