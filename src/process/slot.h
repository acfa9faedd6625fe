#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "process/application.h"
#include "process/backoff.h"
#include "process/life.h"
#include "reactor/timer_wheel.h"

namespace oklo {

// The place of a process that is kept: of a worker, with its listeners, or of one of the program's own.
// Owned by the Supervisor, as long as the service runs.
struct Slot final : Timer {
  Slot(uint32_t at, const ProcessSpec* of_process, std::string called, Function<void(Slot&)> when_due)
      : index(at), process(of_process), name(std::move(called)), due(std::move(when_due)) {}
  void on_timer() override { due(*this); }

  const uint32_t index;
  const ProcessSpec* const process;  // nullptr: a worker's
  const std::string name;            // "worker 1", or that of the process
  Function<void(Slot&)> due;         // the wait for the next life is over
  Life* current = nullptr;
  Life* next = nullptr;
  Life* helper = nullptr;  // serves its listeners in place of current
  Life* relief = nullptr;  // takes the place of current, which has answered enough, when it is ready
  uint64_t relief_from_ms = 0;  // not before then
  Backoff backoff;
};

}  // namespace oklo
