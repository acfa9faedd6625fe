#include "server/task_worker.h"

#include <utility>

#include "server/part_name.h"
#include "sys/process.h"
#include "sys/time.h"

namespace oklo {

const char* TaskPart::fault() const {
  if (const char* fault = fault_of_name(name)) return fault;
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

TaskId Task::later() {
  run_.later = true;
  return id();
}

bool with_task(TaskId id, const Function<void(Task&)>& function) {
  TaskWorker* worker = TaskWorker::current();
  return worker && worker->visit(id, function);
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

namespace {

TaskWorker* current_worker = nullptr;

}  // namespace

TaskWorker::TaskWorker(WorkerContext& context, const std::vector<TaskPart>& parts, Reach reach,
                       uint32_t connections_max)
    : SideProcess(context, reach, connections_max), parts_(parts) {
  current_worker = this;
}

TaskWorker::~TaskWorker() { current_worker = nullptr; }

TaskWorker* TaskWorker::current() { return current_worker; }

// While a handler waits nobody hears that its keeper is gone, so the kernel sees to it that none outlives it.
void TaskWorker::serve(uint32_t) {
  if (leaving() || std::exchange(begun_, true)) return;
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
  if (leaving() || run_) return;
  if (std::optional<TaskRef> ref = table().take(context_.life)) run(*ref);
  else if (!table().may_sleep(context_.life)) look_later();
}

void TaskWorker::run(TaskRef ref) {
  run_.emplace(Task::Run{table(), context_.life, ref, table().info(ref), {}});
  const TaskInfo& info = run_->info;
  context_.row->task.set({sys::monotonic_ms(), info.kind, ref.record, ref.generation, info.attempt});
  take();
  if (table().read_bytes(ref, bytes_)) call_handler();
  else run_->decide(TaskEnd::failed, "its bytes can't be read");
  let_go();
}

// A handler may take long, and no turn ends before it does, so what it sends to connections leaves at once.
void TaskWorker::call_handler() {
  run_->bytes = bytes_;
  Task task(*run_);
  relay().send_at_once(true);
  parts_[run_->info.kind].handler(task);
  relay().send_at_once(false);
  if (!run_->later) task.finish({});
}

bool TaskWorker::visit(TaskId id, const Function<void(Task&)>& function) {
  if (!run_ || run_->over || TaskId{run_->info.ticket} != id) return false;
  take();
  Task task(*run_);
  function(task);
  let_go();
  return true;
}

void TaskWorker::let_go() {
  if (--run_->hands == 0 && run_->over) end_run();
}

void TaskWorker::end_run() {
  LifeRow& row = *context_.row;
  row.task.set({});
  (run_->end == TaskEnd::done ? row.tasks_done : row.tasks_failed).add(1);
  run_.reset();
  if (bytes_.capacity() > kKeptBytes) std::string().swap(bytes_);
  if (leaving()) finish();
  else look_later();
}

void TaskWorker::on_leave() {
  table().end_serving(context_.life);
  if (!run_) finish();
}

}  // namespace oklo
