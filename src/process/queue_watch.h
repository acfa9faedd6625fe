#pragma once

#include "process/listeners.h"
#include "reactor/reactor.h"
#include "shm/scoreboard.h"

namespace oklo {

// Tells in shared memory how many connections wait to be accepted by each worker, in process mode by each
// thread of the gate. Owned by the Deployment, for the master alone has all listeners; those that it names
// outlive it.
class QueueWatch final : private Timer {
 public:
  QueueWatch(Reactor& reactor, const Listeners& listeners, const Scoreboard& scoreboard);

  // What it tells is true at this moment; else it may be a second old.
  void look();

 private:
  static constexpr uint32_t kLookMs = 1000;

  void on_timer() override;

  Reactor& reactor_;
  const Listeners& listeners_;
  const Scoreboard& scoreboard_;
};

}  // namespace oklo
