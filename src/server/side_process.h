#pragma once

#include "net/connection_pool.h"
#include "net/connector.h"
#include "process/application.h"
#include "server/messenger.h"

namespace oklo {

// What a process beside the workers does: it has no listeners, but clients, and sends as a worker does. Made
// in the child, lives as long as the process.
class SideProcess : public WorkerService, private Timer {
 public:
  SideProcess(WorkerContext& context, Reach reach, uint32_t connections_max);

  Result<void> start() override { return messenger_.start(); }
  void leave(uint32_t) override {}
  void drain(DrainMode mode, uint64_t deadline_ms) override;
  void reopen_log(LogSink) override {}

 protected:
  // Told to leave, once: calls finish when all is done but what its clients have to send.
  virtual void on_leave() = 0;
  bool leaving() const { return leaving_; }
  void finish();

  Relay& relay() { return messenger_.relay(); }

  WorkerContext& context_;

 private:
  void on_timer() override;
  void end_if_alone();

  ConnectionPool pool_;  // of its clients
  Connector connector_;
  Messenger messenger_;
  bool leaving_ = false;
  bool finishing_ = false;
  bool finished_ = false;
};

}  // namespace oklo
