#include "server/co_root.h"
#include "server/task_worker.h"

namespace oklo::co {

namespace {

// The function is called before the first wait, and not needed afterwards.
Co<void> run(const Function<Co<void>(Task&)>& function, Task task) {
  TaskWorker& worker = *TaskWorker::current();
  worker.take();
  co_await function(task);
  task.finish({});
  worker.let_go();
}

}  // namespace

void serve(Task& task, const Function<Co<void>(Task&)>& function) {
  task.later();
  Root::start(run(function, task));
}

}  // namespace oklo::co
