#pragma once

#include <memory>
#include <string>
#include <vector>

#include "process/backoff.h"
#include "process/keeper_context.h"
#include "process/life.h"

namespace oklo {

// One of the two processes that the master of process mode keeps, the gate or the manager: the one that is
// there, or the wait for the next. Owned by the ProcessTree.
class KeptProcess final : private Timer {
 public:
  struct Events {
    Function<Result<void>()> prepare;             // in the master, before each fork
    Function<void(sys::Fd channel)> run;          // in the child, whose end it is; never returns
    Function<void(const ControlMessage&)> on_message;
    Function<void(const std::string& what)> on_gone;  // it was reaped: "manager (pid 1) exited with 1"
  };
  KeptProcess(const KeeperContext& context, std::string name, Events events)
      : context_(context), name_(std::move(name)), events_(std::move(events)) {}

  Result<void> start();
  // It is gone and is replaced: at once, unless it dies again and again. The wait in milliseconds.
  uint32_t start_again();
  void start_no_more() { context_.reactor->timers().cancel(*this); }

  bool runs() const { return life_ != nullptr; }
  bool is_ready() const { return life_ && life_->state == Life::State::ready; }
  pid_t pid() const { return life_ ? life_->pid : 0; }
  // False when it is not there or does not take it.
  bool tell(const ControlMessage& message, int passed_fd = -1);
  void leave(DrainMode mode, uint64_t deadline_ms);
  void kill(const std::string& why);
  // Whether it is that one's.
  bool on_child_event(const sys::ChildEvent& event);
  bool is_stopped() const { return life_ && life_->stopped; }
  // Looks at the turns of its threads: one of those whose rows these are is late when it is stuck.
  void watch(const std::vector<uint32_t>& rows);

 private:
  static constexpr uint32_t kStartTimeMsMax = 40'000;  // beyond what a worker has
  static constexpr uint32_t kAgainMs = 100;            // after one that could not be started

  void on_timer() override;
  Result<void> fork();
  void listen_to(sys::Fd channel);
  void on_gone(const sys::ChildEvent& event);

  const KeeperContext& context_;
  std::string name_;
  Events events_;
  std::unique_ptr<Life> life_;
  std::vector<Watched> watched_;  // [row] of life_, and behind them that of its first thread
  Backoff backoff_;
  uint64_t lived_ms_ = 0;  // the last one
};

}  // namespace oklo
