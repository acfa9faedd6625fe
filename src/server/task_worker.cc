#include "server/task_worker.h"

#include <algorithm>
#include <utility>

#include "sys/process.h"
#include "sys/time.h"

namespace oklo {

const char* TaskPart::fault() const {
  bool shown = std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (name.empty() || name.size() > kTaskNameBytesMax) return "its name must have 1 to 31 bytes";
  if (!shown) return "its name must be ASCII without blanks";
  if (options.attempts == 0) return "it must be attempted once";
  return handler ? nullptr : "its handler is missing";
}

// ---------------------------------------------------------------- the task in the hands of its handler

TaskId Task::id() const { return {run_.info.ticket}; }

std::string_view Task::name() const { return run_.table.kinds()[run_.info.kind].name; }

std::string_view Task::bytes() const { return run_.bytes; }

unsigned Task::attempt() const { return run_.info.attempt; }

void Task::finish(std::string_view result) { run_.decide(TaskEnd::done, result); }

void Task::fail(std::string_view reason) {
  run_.decide(TaskEnd::failed, reason.substr(0, run_.table.bytes_max()));
}

void Task::Run::decide(TaskEnd how, std::string_view with) {
  if (std::exchange(over, true)) return;
  const char* problem = nullptr;
  if (with.size() > table.bytes_max()) problem = "its result is too large";
  else if (!table.decide(ref, life, how, with)) problem = "there is no memory for its result";
  end = problem ? TaskEnd::failed : how;
  if (!problem) return;
  std::string_view reason = std::string_view(problem).substr(0, table.bytes_max());
  if (table.decide(ref, life, end, reason)) return;
  bool told = table.decide(ref, life, end, {});
  OKLO_ASSERT(told);
}

// ---------------------------------------------------------------- the process

TaskWorker::TaskWorker(WorkerContext& context, const std::vector<TaskPart>& parts, Reach reach)
    : context_(context), parts_(parts) {
  if (reach != Reach::none) messenger_.emplace(context, reach, nullptr);
}

Result<void> TaskWorker::start() { return messenger_ ? messenger_->start() : Result<void>(); }

// While a handler waits nobody hears that its keeper is gone, so the kernel sees to it that none outlives it.
void TaskWorker::serve(uint32_t) {
  if (leaving_ || std::exchange(begun_, true)) return;
  sys::die_with_parent(context_.keeper);
  context_.tasks->on_work([this] { look_later(); });
  table().begin_serving(context_.life);
  look_later();
}

void TaskWorker::look_later() {
  if (!std::exchange(posted_, true)) context_.reactor->post([this] { look(); });
}

void TaskWorker::look() {
  posted_ = false;
  if (leaving_) return;
  std::optional<TaskRef> ref = table().take(context_.life);
  if (ref) run(*ref);
  if (ref || !table().may_sleep(context_.life)) look_later();
}

void TaskWorker::run(TaskRef ref) {
  LifeRow& row = *context_.row;
  Task::Run run = {table(), context_.life, ref, table().info(ref), {}};
  row.task.set({sys::monotonic_ms(), run.info.kind, ref.record, ref.generation, run.info.attempt});
  if (table().read_bytes(ref, bytes_)) {
    run.bytes = bytes_;
    call_handler(run);
  } else {
    run.decide(TaskEnd::failed, "its bytes can't be read");
  }
  row.task.set({});
  (run.end == TaskEnd::done ? row.tasks_done : row.tasks_failed).add(1);
  if (bytes_.capacity() > kKeptBytes) std::string().swap(bytes_);
}

// No turn ends before the handler does, so what it sends to connections leaves at once.
void TaskWorker::call_handler(Task::Run& run) {
  Task task(run);
  if (messenger_) messenger_->relay().send_at_once(true);
  parts_[run.info.kind].handler(task);
  if (messenger_) messenger_->relay().send_at_once(false);
  task.finish({});
}

void TaskWorker::drain(DrainMode, uint64_t) {
  if (std::exchange(leaving_, true)) return;
  table().end_serving(context_.life);
  context_.drained();
}

}  // namespace oklo
