#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/doorbell.h"
#include "shm/task_table.h"

#include <oklo/task.h>

namespace oklo {

// Asks for tasks and hears how they ended: one in each process that has a bell in the TaskTable. The Reactor
// and the table outlive it.
class TaskAsker {
 public:
  using Done = Function<void(const TaskOutcome&)>;

  static Result<std::unique_ptr<TaskAsker>> create(Reactor& reactor, TaskTable& table, uint32_t life);

  TaskStarted ask(std::string_view name, std::string_view bytes, Done done);
  // There is room again after a refusal.
  void on_room(Function<void()> function) { room_ = std::move(function); }
  // The bell has rung: there may be work for a task worker.
  void on_work(Function<void()> function) { work_ = std::move(function); }
  TaskTable& table() { return table_; }

 private:
  static constexpr int kResultsMax = 64;         // a turn
  static constexpr size_t kKeptBytes = 1 << 16;  // of the buffer

  struct Asked {
    TaskRef ref;
    TaskId id;
    uint32_t kind;
    Done done;
  };

  TaskAsker(TaskTable& table, uint32_t life) : table_(table), life_(life) {}
  void on_ring();
  bool hear_results();
  void look_for_room();
  void hear(Asked asked, TaskResult result);

  TaskTable& table_;
  uint32_t life_;
  std::unique_ptr<Doorbell> bell_;
  std::vector<Asked> asked_;
  Function<void()> room_;
  Function<void()> work_;
  std::string bytes_;
  bool waits_for_room_ = false;
};

}  // namespace oklo
