#pragma once

#include <string>

#include "net/connection_pool.h"
#include "net/connector.h"
#include "process/application.h"
#include "server/messenger.h"

#include <oklo/function.h>
#include <oklo/process.h>

namespace oklo {

// A process of the program's own, as the program described it.
struct ProcessPart {
  std::string name;
  Function<void()> start;
  ProcessOptions options;

  // What is wrong with it, for whoever wrote it, or nullptr.
  const char* fault() const;
};

// The same, in that process: it may send as a worker does. Made in the child, lives as long as the process.
class UserProcess final : public WorkerService, private Timer {
 public:
  UserProcess(WorkerContext& context, const ProcessPart& part, Reach reach, uint32_t connections_max);

  Result<void> start() override;
  void serve(uint32_t slot) override;
  void leave(uint32_t) override {}
  void drain(DrainMode mode, uint64_t deadline_ms) override;
  void reopen_log(int) override {}

 private:
  void on_timer() override { pool_.abort_all(); }
  void end_if_alone();

  WorkerContext& context_;
  const ProcessPart& part_;
  ConnectionPool pool_;  // of its clients
  Connector connector_;
  Messenger messenger_;
  bool begun_ = false;
  bool leaving_ = false;
  bool finished_ = false;
};

}  // namespace oklo
