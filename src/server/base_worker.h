#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "http/access_log.h"
#include "http/late_answers.h"
#include "net/connection_pool.h"
#include "net/connector.h"
#include "net/line_writer.h"
#include "process/application.h"
#include "server/messenger.h"
#include "server/service.h"

namespace oklo {

// A worker of base mode: it accepts, owns its connections and runs the handlers. Made in the child, lives
// as long as the process.
class BaseWorker final : public WorkerService, private Timer {
 public:
  BaseWorker(WorkerContext& context, Reach reach, LogFormat log_format, uint32_t connections_max);
  ~BaseWorker() override;

  // What it serves, before it starts. `gate`: in place of the handlers, workers are told.
  void open_ports(const std::vector<std::unique_ptr<Service>>& services, GateSide* gate = nullptr);
  ConnectionPool& pool() { return pool_; }
  Relay& relay() { return messenger_.relay(); }
  // Called when draining is over, in place of WorkerContext::drained.
  void on_finished(Function<void()> function) { on_finished_ = std::move(function); }

  Result<void> start() override;
  void serve(uint32_t slot) override;
  void leave(uint32_t slot) override;
  void drain(DrainMode mode, uint64_t deadline_ms) override;
  void reopen_log(LogSink log) override;

 private:
  static constexpr uint32_t kFarewellMs = 100;

  Result<void> take_from(uint32_t slot);
  void on_erase();
  void on_timer() override;
  void stop_accepting(DrainMode mode);
  void plan_farewells(uint64_t deadline_ms);
  void say_farewells();
  void end_if_alone();
  void finish();

  WorkerContext& context_;
  const uint32_t own_;  // the place of its listeners
  Function<void()> on_finished_;
  http::LateAnswers late_answers_;
  std::optional<AddressGuard> guard_;
  ConnectionPool pool_;
  Connector connector_;
  Messenger messenger_;
  LineWriter log_writer_;
  http::AccessLog log_;
  std::vector<std::unique_ptr<Port>> ports_;
  std::vector<std::vector<std::unique_ptr<Intake>>> intakes_;  // [slot][address]
  struct Farewells final : Timer {
    explicit Farewells(BaseWorker& of) : worker(of) {}
    void on_timer() override { worker.say_farewells(); }
    BaseWorker& worker;
    uint64_t from_ms = 0;
    uint64_t until_ms = 0;
  };
  Farewells farewells_{*this};
  bool draining_ = false;
  bool alone_ = false;  // draining, and the last connection of a listener is gone
  bool finished_ = false;
};

}  // namespace oklo
