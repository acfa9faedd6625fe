#pragma once

#include <optional>
#include <string>
#include <vector>

#include "process/application.h"
#include "process/task_asker.h"
#include "server/messenger.h"

#include <oklo/task.h>

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
  bool over = false;
  TaskEnd end = TaskEnd::done;

  void decide(TaskEnd how, std::string_view with);
};

// What a task worker does: one task at a time, each in a turn of its own, so that between two tasks it hears
// that it is to leave. It has no connections, but sends to those of the workers. Made in the child, lives as
// long as the process.
class TaskWorker final : public WorkerService {
 public:
  TaskWorker(WorkerContext& context, const std::vector<TaskPart>& parts, Reach reach);

  Result<void> start() override;
  void serve(uint32_t slot) override;
  void leave(uint32_t) override {}
  void drain(DrainMode mode, uint64_t deadline_ms) override;
  void reopen_log(int) override {}

 private:
  static constexpr size_t kKeptBytes = 1 << 16;  // of the buffer

  TaskTable& table() { return context_.tasks->table(); }
  void look();
  void look_later();
  void run(TaskRef ref);
  void call_handler(Task::Run& run);

  WorkerContext& context_;
  const std::vector<TaskPart>& parts_;
  std::optional<Messenger> messenger_;
  std::string bytes_;
  bool begun_ = false;
  bool leaving_ = false;
  bool posted_ = false;
};

}  // namespace oklo
