#pragma once

#include <memory>
#include <vector>

#include "gate/crew.h"
#include "gate/deliveries.h"
#include "gate/dispatcher.h"
#include "server/base_worker.h"

#include <oklo/server.h>

namespace oklo {

// A reactor thread of the gate: it accepts, owns its connections, and tells the workers what happens to them.
// Lives as long as the thread.
class GateThread final : public WorkerService, private Timer {
 public:
  GateThread(WorkerContext& context, const std::vector<std::unique_ptr<Service>>& services,
             const ServerOptions& options, const DispatchFunction& dispatch, gate::Load& load, Reach reach,
             uint32_t connections_max);

  Result<void> start() override;
  void serve(uint32_t) override {}
  void leave(uint32_t) override {}
  void drain(DrainMode mode, uint64_t deadline_ms) override;
  void reopen_log(LogSink) override {}

 private:
  void on_change();
  void on_gone(const gate::Reader& reader, bool died);
  void on_record(uint32_t worker, const codec::WireRecord& record, sys::Fd file);
  bool relay(const codec::WireRecord& record);
  void on_broken(uint32_t worker, uint32_t pid);
  void on_timer() override;
  void finish();

  WorkerContext& context_;
  BaseWorker base_;
  gate::Crew crew_;
  gate::Dispatcher dispatcher_;
  std::vector<gate::ThreadPort*> ports_;
  gate::Deliveries deliveries_;
  bool finishing_ = false;  // no connection is left
  bool overdue_ = false;    // and workers that do not come are awaited no longer
  bool finished_ = false;
};

}  // namespace oklo
