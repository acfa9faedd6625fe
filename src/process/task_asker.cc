#include "process/task_asker.h"

#include <utility>

#include "process/here.h"

namespace oklo {

namespace {

constexpr TaskState state_of(TaskEnd end) {
  switch (end) {
    case TaskEnd::done: return TaskState::done;
    case TaskEnd::failed: return TaskState::failed;
    case TaskEnd::stopped: return TaskState::stopped;
    case TaskEnd::timed_out: return TaskState::timed_out;
    case TaskEnd::died:
    case TaskEnd::count: break;
  }
  return TaskState::died;
}

TaskStarted refused(TaskRefusal why) { return {{}, why}; }

}  // namespace

Result<std::unique_ptr<TaskAsker>> TaskAsker::create(Reactor& reactor, TaskTable& table, uint32_t life) {
  std::unique_ptr<TaskAsker> asker(new TaskAsker(table, life));
  Result<std::unique_ptr<Doorbell>> bell =
      Doorbell::create(reactor, table.bell(life), [at = asker.get()] { at->on_ring(); });
  if (!bell) return bell.error();
  asker->bell_ = std::move(bell).value();
  return asker;
}

TaskStarted TaskAsker::ask(std::string_view name, std::string_view bytes, Done done) {
  std::optional<uint32_t> kind = table_.find_kind(name);
  if (!kind) return refused(TaskRefusal::unknown_name);
  if (bytes.size() > table_.bytes_max()) return refused(TaskRefusal::too_large);
  if (table_.stopping()) return refused(TaskRefusal::stopping);
  std::optional<TaskRef> ref = table_.hold(life_);
  if (!ref) {
    waits_for_room_ = true;
    table_.want_room(life_);
    return refused(TaskRefusal::full);
  }
  uint32_t ticket = table_.submit(*ref, life_, *kind, bytes);
  if (!ticket) return refused(TaskRefusal::no_memory);
  asked_.push_back({*ref, {ticket}, *kind, std::move(done)});
  return {asked_.back().id, TaskRefusal::none};
}

void TaskAsker::on_ring() {
  if (hear_results()) table_.bell(life_).ring();
  if (waits_for_room_) look_for_room();
  if (work_) work_();
}

// Others were told, too, and may have been faster.
void TaskAsker::look_for_room() {
  if (!table_.has_room()) return table_.want_room(life_);
  table_.got_room(life_);
  waits_for_room_ = false;
  if (room_) room_();
}

// Whether there may be more: a flood of results must not hold up the connections. What is called may ask
// for more tasks.
bool TaskAsker::hear_results() {
  int left = kResultsMax;
  for (size_t i = 0; i < asked_.size();) {
    std::optional<TaskResult> result = table_.result_of(asked_[i].ref);
    if (!result) {
      i++;
      continue;
    }
    if (left-- == 0) return true;
    Asked asked = std::move(asked_[i]);
    if (i + 1 < asked_.size()) asked_[i] = std::move(asked_.back());
    asked_.pop_back();
    hear(std::move(asked), *result);
  }
  return false;
}

void TaskAsker::hear(Asked asked, TaskResult result) {
  bool read = table_.read_result(asked.ref, bytes_);
  if (!read) bytes_ = "its result can't be read";
  table_.release(asked.ref, life_);
  TaskOutcome outcome;
  outcome.id = asked.id;
  outcome.name = table_.kinds()[asked.kind].name;
  outcome.state = read ? state_of(result.end) : TaskState::failed;
  switch (outcome.state) {
    case TaskState::done: outcome.bytes = bytes_; break;
    case TaskState::failed: outcome.reason = bytes_; break;
    case TaskState::died: outcome.reason = "its task worker died"; break;
    case TaskState::stopped: outcome.reason = "the service stopped"; break;
    case TaskState::timed_out: outcome.reason = "it took too long"; break;
  }
  if (asked.done) asked.done(outcome);
  if (bytes_.capacity() > kKeptBytes) std::string().swap(bytes_);
}

// ---------------------------------------------------------------- the public function

TaskStarted task(std::string_view name, std::string_view bytes, Function<void(const TaskOutcome&)> done) {
  Here& at = Here::current();
  if (!at.tasks) return refused(TaskRefusal::no_task_workers);
  return at.tasks->ask(name, bytes, std::move(done));
}

}  // namespace oklo
