#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "process/deployment.h"

namespace oklo {

// What the master keeps: the configuration that serves, the one that is coming, those that leave. A reload is
// a transaction: the next one is opened and started beside the one that serves, must be well for a moment,
// and takes over then; whatever goes wrong before, the old one goes on as if nothing had been. One change at
// a time, in the order in which they were asked for. Owned by the Master.
class Rollout {
 public:
  // `first`: what the service is started with, and what reads its configuration. on_gone: a process is gone.
  Rollout(const Deployment::Ground& ground, std::shared_ptr<Application> first, Function<void()> on_gone)
      : ground_(ground), first_(std::move(first)), on_gone_(std::move(on_gone)) {}

  // Opens what the first one needs; its processes are started with `start`.
  Result<void> open(MasterOptions options);
  Result<void> start(ControlReply outcome);

  // Reads the configuration again; where it says what it said before, the workers alone are replaced.
  void reload(ControlReply reply) { request({Kind::configuration, 0, std::move(reply)}); }
  // Replaces the workers.
  void renew(ControlReply reply) { request({Kind::workers_alone, 0, std::move(reply)}); }
  // With so many workers.
  void scale(uint32_t workers, ControlReply reply) { request({Kind::scale, workers, std::move(reply)}); }

  // As those of Tree, for all.
  void stop(uint64_t deadline_ms);
  void kill_all();
  bool empty() const;
  void on_child_event(const sys::ChildEvent& event);

  // What is told of the service, as it is now.
  ServiceView view();

  bool is_open() const { return current_ != nullptr; }
  Deployment& current() { return *current_; }
  Result<void> reopen_logs();

 private:
  static constexpr uint32_t kProofMs = 100;      // how long the next one must be well
  static constexpr uint32_t kSteerMs = 500;      // for handshakes that have begun at a listener that goes
  static constexpr uint32_t kSteerMsMax = 5000;  // for what waits there to be accepted
  static constexpr uint32_t kFollowMs = 250;
  static constexpr size_t kLeavingMax = 4;

  enum class Kind : uint8_t { configuration, workers_alone, scale };
  struct Request {
    Kind kind;
    uint32_t workers;
    ControlReply reply;
  };
  // Calls a member function later.
  struct Later final : Timer {
    Later(Rollout& of, void (Rollout::*function)()) : rollout(of), call(function) {}
    void on_timer() override { (rollout.*call)(); }
    Rollout& rollout;
    void (Rollout::*call)();
  };

  void request(Request request);
  void begin();
  void begin(const Request& request);
  Result<std::optional<Plan>> plan_for(const Request& request);
  void deploy(Plan plan);
  void on_outcome(bool ok, std::string_view text);
  void look_whether_well();
  void steer();
  void take_over();
  void give_up(const std::string& why);
  void end(bool ok, const std::string& text);
  void on_gone();
  void bury();
  void follow();
  void arm(Later& timer, uint32_t ms);

  Deployment::Ground ground_;
  std::shared_ptr<Application> first_;
  Function<void()> on_gone_;
  std::unique_ptr<Deployment> current_;
  std::unique_ptr<Deployment> next_;
  std::deque<std::unique_ptr<Deployment>> leaving_;  // the oldest first
  std::vector<std::unique_ptr<Deployment>> failed_;  // that never served
  std::deque<Request> waiting_;
  std::vector<ControlReply> replies_;  // to the one that runs
  bool busy_ = false;
  bool stopping_ = false;
  uint64_t steered_until_ms_ = 0;
  Later proof_{*this, &Rollout::look_whether_well};
  Later steering_{*this, &Rollout::steer};
  Later following_{*this, &Rollout::follow};
};

}  // namespace oklo
