#include "models/threads.h"

#include "base/number.h"

namespace oklo::models {

Result<std::vector<sys::Thread>> start_threads(unsigned count, const Function<void(unsigned)>& work) {
  std::vector<sys::Thread> threads;
  for (unsigned number = 0; number < count; number++) {
    Result<sys::Thread> thread =
        sys::Thread::start("thread " + decimal(number), [&work, number] { work(number); });
    if (!thread && threads.empty()) return thread.error();
    if (!thread) break;
    threads.push_back(std::move(*thread));
  }
  return threads;
}

}  // namespace oklo::models
