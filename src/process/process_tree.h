#pragma once

#include <string>
#include <vector>

#include "process/kept_process.h"
#include "process/orphans.h"
#include "process/tree.h"

namespace oklo {

// What the master of process mode keeps: the gate, and the manager, which keeps the rest. Either is replaced
// at once when it dies; a gate takes its connections along, a manager nothing. Owned by the master.
class ProcessTree final : public Tree {
 public:
  // on_gone: one of them is gone. The context outlives this.
  ProcessTree(KeeperContext& context, Function<void()> on_gone);

  Result<void> start(ControlReply outcome) override;
  void reload(ControlReply reply) override;
  // The gate leaves first, and the workers answer until it is gone or the deadline is there.
  void stop(uint64_t deadline_ms) override;
  // The same, and the gate takes its time.
  void leave(uint64_t deadline_ms) override;
  void kill_all() override;
  bool empty() const override { return !gate_.runs() && !manager_.runs() && orphans_.empty(); }
  void on_child_event(const sys::ChildEvent& event) override;
  void send_log(LogKind kind, LogSink log) override;
  void pass_on(int signal) override;

 private:
  static constexpr uint32_t kManagerTimeMs = 500;  // to leave, when the gate took all the time there was
  static constexpr uint32_t kLookMs = 250;

  struct GateDeadline final : Timer {
    explicit GateDeadline(ProcessTree& of) : tree(of) {}
    void on_timer() override { tree.end_manager(); }
    ProcessTree& tree;
  };

  struct Look final : Timer {
    explicit Look(ProcessTree& of) : tree(of) {}
    void on_timer() override { tree.look(); }
    ProcessTree& tree;
  };

  KeptProcess::Events gate_events();
  KeptProcess::Events manager_events();
  Result<uint32_t> begin_life(uint32_t slot);
  Result<void> begin_gate();
  Result<void> begin_manager();
  void end_lives(std::vector<uint32_t>& rows);
  void on_gate(const ControlMessage& message);
  void on_manager(const ControlMessage& message);
  void on_gate_gone(const std::string& what);
  void on_manager_gone(const std::string& what);
  void look_whether_up();
  bool is_failure(const std::string& what);
  void replace(KeptProcess& dead, const std::string& what, uint32_t first_slot, uint32_t slots);
  void end(DrainMode mode, uint64_t deadline_ms);
  void end_manager();
  void look();

  KeeperContext& context_;
  Function<void()> on_gone_;
  uint32_t first_slot_;  // of the threads of the gate; that of the manager follows them
  std::vector<uint32_t> gate_rows_;
  std::vector<uint32_t> manager_rows_;  // one
  KeptProcess gate_;
  KeptProcess manager_;
  Orphans orphans_;
  ControlReply outcome_;                // of the start; empty: it was told
  std::vector<ControlReply> reloads_;   // in the order in which the manager answers
  GateDeadline gate_deadline_{*this};
  Look look_{*this};
  uint64_t deadline_ms_ = 0;
  bool stopping_ = false;
  DrainMode mode_ = DrainMode::stop;  // how they leave
};

}  // namespace oklo
