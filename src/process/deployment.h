#pragma once

#include <memory>
#include <optional>
#include <string>

#include "process/keeper_context.h"
#include "process/keeper_voice.h"
#include "process/listeners.h"
#include "process/logs.h"
#include "process/own_signals.h"
#include "process/queue_watch.h"
#include "process/shared_state.h"
#include "process/tell.h"
#include "process/tree.h"

namespace oklo {

// One configuration at work: its listeners and logs, the memory that its processes share, and the tree of
// them. Owned by the Rollout.
class Deployment final : private Timer {
 public:
  // What it lives on, which outlives it.
  struct Ground {
    Reactor& reactor;
    Log& log;
    ActivatedSockets& activated;
  };

  // Opens all that it needs, beside what `before` has, and forks nothing. on_gone: one of its processes is
  // gone.
  static Result<std::unique_ptr<Deployment>> create(const Ground& ground, Plan plan,
                                                    const Deployment* before, Function<void()> on_gone);
  Deployment(const Deployment&) = delete;

  // Starts the processes; `outcome` hears whether they came up, unless they could not be started.
  Result<void> start(ControlReply outcome);
  // From now on it is the service: who listens, what the master is called here, where it writes.
  void take_over(Deployment* before);
  // All leave, for another one has taken over; whoever has not by the time that options give is killed.
  void leave();
  // What the one before has counted is shown along, also what its processes count while they leave.
  void follow(const Deployment& before);

  const Plan& plan() const { return plan_; }
  Application& application() const { return *plan_.application; }
  Tree& tree() { return *tree_; }
  Listeners& listeners() { return *listeners_; }
  Logs& logs() { return *logs_; }
  const Scoreboard& scoreboard() const { return shared_->scoreboard; }
  // What is told of it, as it is now.
  ServiceView view();
  uint32_t workers() const { return keeper_.workers; }
  const Rights& rights() const { return keeper_.rights; }
  // Processes that died and were replaced.
  uint32_t restarts() const;

 private:
  Deployment(const Ground& ground, Plan plan, const Deployment* before);

  Result<void> open(const Deployment* before);
  Result<void> hear_signals();
  void make_context();
  void tell_here();
  void on_timer() override;

  Ground ground_;
  Plan plan_;
  uint32_t number_;       // how many there were before
  uint32_t threads_ = 0;  // of the gate; 0: base mode
  KeeperContext keeper_;
  std::optional<Listeners> listeners_;
  std::optional<Logs> logs_;
  std::optional<SharedState> shared_;
  std::optional<QueueWatch> queues_;
  KeeperVoice voice_;
  std::unique_ptr<Tree> tree_;
  std::unique_ptr<SignalSource> own_signals_;
};

}  // namespace oklo
