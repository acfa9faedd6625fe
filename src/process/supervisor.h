#pragma once

#include <memory>
#include <string>
#include <vector>

#include "process/cover.h"
#include "process/keeper_context.h"
#include "process/life.h"
#include "process/slot.h"
#include "process/wire_readers.h"
#include "sys/process.h"

namespace oklo {

// Forks the workers and the processes of the program's own, watches over them, and replaces those that die.
// Owned by the WorkerTree.
class Supervisor {
 public:
  struct Events {
    Function<void()> on_ready;
    // One of the generation that is coming died before all were ready.
    Function<void(const std::string& what)> on_next_failed;
    Function<void()> on_life_gone;
  };
  // The context outlives it.
  Supervisor(KeeperContext& context, Events events);
  ~Supervisor();

  // A life for each slot beside those that are there; they take over with promote.
  Result<void> fork_next(uint32_t generation);
  bool next_ready() const;
  // The next generation is the current one, and the old one drains.
  void promote();
  // Ends the next generation.
  void drop_next();

  // All leave, at the latest at deadline_ms (0: no limit); dead ones are not replaced any more. May be
  // called again with another deadline.
  void stop(uint64_t deadline_ms);
  // Others serve: the workers leave as after a reload, and are not replaced; the task workers leave when no
  // task is left.
  void leave(uint64_t deadline_ms);
  void kill_all();
  void on_child_event(const sys::ChildEvent& event);
  void send_log(LogKind kind, LogSink log);
  // To every worker, also to one that is not ready yet.
  void pass_on(int signal);

  bool empty() const { return lives_.empty(); }

 private:
  static constexpr uint32_t kLookMs = 250;
  static constexpr uint32_t kLooksASecond = 1000 / kLookMs;
  static constexpr uint32_t kEmptyWaitMsMax = 100;     // with no worker ready, the next start waits no more;
                                                       // that of a task worker never does
  static constexpr uint32_t kStartTimeMsMax = 30'000;  // from fork to READY
  static constexpr size_t kDrainingMax = 4;            // generations; workers of a slot that were relieved
  static constexpr uint32_t kKillAfterMs = 1000;       // beyond the deadline that a worker has itself
  static constexpr uint32_t kReliefWaitMs = 1000;      // after one that failed

  struct Look final : Timer {
    explicit Look(Supervisor& of) : supervisor(of) {}
    void on_timer() override { supervisor.look(); }
    Supervisor& supervisor;
  };

  void add_slot(const ProcessSpec* process, std::string name);
  Result<Life*> fork(Slot& slot, uint32_t generation);
  bool replaces(const Slot& slot) const;
  void replace(Slot& slot);
  void on_message(Life& life, const ControlMessage& message);
  void on_gone(Life& life, const sys::ChildEvent& event);
  void on_missed(Slot& slot, const Life& dead, int wait_status, const std::string& what);
  void schedule(Slot& slot, const Life& dead, const std::string& what);
  void hasten();
  void forget(Life& life);
  void drain(Life& life, DrainMode mode, uint64_t deadline_ms);
  void end_oldest_draining();
  void end_when_left();
  void look();
  void look_at(Life& life, bool second);
  void look_at_time(Life& life);
  void look_at_task(Life& life);
  void look_at_wires(Life& life, const LifeRow& row);
  bool wants_relief(const Slot& slot) const;
  uint64_t requests_max(const Slot& slot) const;
  uint64_t requests_of(const Life& life) const;
  void relieve(Slot& slot);
  void take_over(Slot& slot);
  void cover();
  Life* find(pid_t pid) const;

  KeeperContext& context_;
  Events events_;
  std::vector<std::unique_ptr<Slot>> slots_;  // of the workers, then of the processes
  Cover cover_;
  WireReaders readers_;   // in process mode
  std::vector<std::unique_ptr<Life>> lives_;
  Look look_{*this};
  uint32_t looks_ = 0;
  uint32_t generation_ = 0;
  bool stopping_ = false;
  bool leaving_ = false;
  uint64_t leave_by_ms_ = 0;
};

}  // namespace oklo
