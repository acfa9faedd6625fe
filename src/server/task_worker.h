#pragma once

#include <optional>
#include <string>
#include <vector>

#include "process/task_asker.h"
#include "server/side_process.h"

#include <oklo/task_handler.h>

namespace oklo {

// A kind of tasks, as the program described it.
struct TaskPart {
  std::string name;
  TaskHandler handler;
  TaskOptions options;

  // What is wrong with it, for whoever wrote it, or nullptr.
  const char* fault() const;
};

// The task that runs.
struct Task::Run {
  TaskTable& table;
  uint32_t life;
  TaskRef ref;
  TaskInfo info;
  std::string_view bytes;
  unsigned hands = 0;  // who has it now: its handler, its coroutine, calls of with_task
  bool later = false;  // it may be in no hands and yet go on
  bool over = false;
  TaskEnd end = TaskEnd::done;

  void decide(TaskEnd how, std::string_view with);
};

// What a task worker does: one task at a time, which begins in a turn of its own, so that between two tasks
// it hears that it is to leave. Made in the child, lives as long as the process.
class TaskWorker final : public SideProcess {
 public:
  TaskWorker(WorkerContext& context, const std::vector<TaskPart>& parts, Reach reach,
             uint32_t connections_max);
  ~TaskWorker() override;

  // That of this process; nullptr when it is none.
  static TaskWorker* current();

  void serve(uint32_t slot) override;
  // False: it does not run, or has ended.
  bool visit(TaskId id, const Function<void(Task&)>& function);
  // The task that runs does not end before all who have taken it have let go.
  void take() { run_->hands++; }
  void let_go();

 private:
  static constexpr size_t kKeptBytes = 1 << 16;  // of the buffer

  TaskTable& table() { return context_.tasks->table(); }
  void look();
  void look_later();
  void run(TaskRef ref);
  void call_handler();
  void end_run();
  void on_leave() override;

  const std::vector<TaskPart>& parts_;
  std::optional<Task::Run> run_;
  std::string bytes_;
  bool begun_ = false;
  bool posted_ = false;
};

}  // namespace oklo
