#pragma once

#include <type_traits>
#include <utility>

#include <oklo/co.h>
#include <oklo/function.h>
#include <oklo/task.h>

namespace oklo {

namespace co {
// Runs a task by the coroutine that the function gives.
void serve(Task& task, const Function<Co<void>(Task&)>& function);
}

// Runs one task, in a task worker: a function of (Task&), which may wait as long as it likes, or one that is
// a coroutine:
//
//   server.task("ask", [](oklo::Task& task) -> oklo::Co<void> {
//     oklo::Stream other = co_await oklo::connect("127.0.0.1:9501", 1000);
//     co_await other.write(task.bytes());
//     auto line = co_await other.read_line();
//     line ? task.finish(*line) : task.fail("no answer");
//   });
//
// The Task lives as long as the coroutine, and when that ends without finish and fail, the task is done with
// no bytes. While it waits the task worker begins no other task.
class TaskHandler : public Function<void(Task&)> {
  using Base = Function<void(Task&)>;

 public:
  TaskHandler() = default;
  TaskHandler(std::nullptr_t) {}
  template <class F>
    requires(!std::is_same_v<std::invoke_result_t<F&, Task&>, Co<void>> && !std::is_same_v<F, TaskHandler>)
  TaskHandler(F callable) : Base(std::move(callable)) {}
  template <class F>
    requires std::is_same_v<std::invoke_result_t<F&, Task&>, Co<void>>
  TaskHandler(F callable)
      : Base([held = std::move(callable)](Task& task) mutable {
          co::serve(task, [&held](Task& in_hand) { return held(in_hand); });
        }) {}
};

}  // namespace oklo
