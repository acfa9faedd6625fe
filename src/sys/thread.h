#pragma once

#include <pthread.h>

#include <memory>
#include <string>

#include "base/result.h"

#include <oklo/function.h>

namespace oklo::sys {

// A thread of this process, with all signals blocked in it. It is waited for when this dies: what its
// function uses must live until then.
class Thread {
 public:
  // The name as set_thread_name takes it.
  static Result<Thread> start(std::string name, Function<void()> function);
  Thread(Thread&& other) noexcept = default;
  ~Thread();

 private:
  struct Work {
    std::string name;
    Function<void()> function;
  };

  explicit Thread(std::unique_ptr<Work> work) : work_(std::move(work)) {}
  static void* run(void* work);

  std::unique_ptr<Work> work_;  // null: it was moved from, or there is no thread
  pthread_t thread_ = {};
};

}  // namespace oklo::sys
