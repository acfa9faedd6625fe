#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "gate/gate_streams.h"
#include "gate/worker_end.h"
#include "http/access_log.h"
#include "http/late_answers.h"
#include "net/connection_pool.h"
#include "net/connector.h"
#include "net/line_writer.h"
#include "process/application.h"
#include "server/messenger.h"
#include "server/service.h"

namespace oklo {

// A worker of process mode: it runs the handlers, for connections that the gate owns. Made in the child,
// lives as long as the process.
class ProcessWorker final : public WorkerService, private Timer {
 public:
  ProcessWorker(WorkerContext& context, const std::vector<std::unique_ptr<Service>>& services, Reach reach,
                LogFormat log_format, uint32_t connections_max);

  Result<void> start() override;
  void serve(uint32_t slot) override;
  void leave(uint32_t) override {}
  void drain(DrainMode mode, uint64_t deadline_ms) override;
  void reopen_log(LogSink log) override { log_writer_.set_sink(log); }

 private:
  void on_timer() override;
  void on_left();
  void end_if_alone();
  void finish();

  WorkerContext& context_;
  http::LateAnswers late_answers_;
  std::optional<AddressGuard> guard_;
  ConnectionPool pool_;  // of its clients
  Connector connector_;
  Messenger messenger_;
  LineWriter log_writer_;
  http::AccessLog log_;
  gate::WorkerEnd end_;
  gate::HttpRequests requests_;
  gate::GateStreams streams_;
  std::vector<std::unique_ptr<gate::WorkerPort>> ports_;
  bool leaving_ = false;
  bool left_ = false;  // it reads no more
  bool alone_ = false;  // leaving, and no request is in its hands
  bool finished_ = false;
};

}  // namespace oklo
