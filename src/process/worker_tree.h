#pragma once

#include "process/reload.h"
#include "process/supervisor.h"
#include "process/tree.h"

namespace oklo {

// The workers, the task workers and the processes of the program's own. Owned by the master in base mode, by
// the manager in process mode.
class WorkerTree final : public Tree {
 public:
  // opened: Application::prepare has succeeded for this configuration, in the master. on_gone: one of them is
  // gone. The context outlives this.
  WorkerTree(KeeperContext& context, bool opened, Function<void()> on_gone);

  Result<void> start(ControlReply outcome) override { return reload_.first(std::move(outcome)); }
  void reload(ControlReply reply) override { reload_.request(std::move(reply)); }
  void stop(uint64_t deadline_ms) override { supervisor_.stop(deadline_ms); }
  void leave(uint64_t deadline_ms) override { supervisor_.leave(deadline_ms); }
  void kill_all() override { supervisor_.kill_all(); }
  bool empty() const override { return supervisor_.empty(); }
  void on_child_event(const sys::ChildEvent& event) override { supervisor_.on_child_event(event); }
  void send_log(LogKind kind, LogSink log) override { supervisor_.send_log(kind, log); }
  void pass_on(int signal) override { supervisor_.pass_on(signal); }

 private:
  Supervisor::Events events(Function<void()> on_gone);

  Supervisor supervisor_;
  Reload reload_;
};

}  // namespace oklo
