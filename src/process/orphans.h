#pragma once

#include <memory>
#include <vector>

#include "process/keeper_context.h"
#include "process/life.h"

namespace oklo {

// The lives whose manager is gone: they became children of the master, which is a subreaper, and leave by
// themselves. Whoever has not left in time is killed. Owned by the ProcessTree.
class Orphans final : private Timer {
 public:
  // on_gone: one of them is gone.
  Orphans(const KeeperContext& context, Function<void()> on_gone)
      : context_(context), on_gone_(std::move(on_gone)) {}

  // A manager was reaped and no other has begun yet: all lives of workers are orphans.
  void adopt();
  // A child was reaped.
  void on_child_event();
  // Those that come later, too.
  void kill_all();
  bool empty() const { return lives_.empty(); }

 private:
  static constexpr uint32_t kLookMs = 100;
  static constexpr uint32_t kNamelessMs = 1000;  // how long a process may take to tell its pid
  static constexpr uint32_t kExtraMs = 1000;     // beyond the deadline that they have themselves

  void on_timer() override;
  void look();
  void end(Life& life);
  void forget(const Life& life);
  bool is_known(uint32_t index) const;

  const KeeperContext& context_;
  Function<void()> on_gone_;
  std::vector<std::unique_ptr<Life>> lives_;  // without a pid: not known yet, or there is none
  bool killing_ = false;
};

}  // namespace oklo
