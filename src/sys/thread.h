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
  // A thread that nobody waits for: what its function uses belongs to the function.
  static Result<void> start_detached(std::string name, Function<void()> function);
  Thread(Thread&& other) noexcept = default;
  ~Thread();

 private:
  struct Work {
    std::string name;
    Function<void()> function;
  };

  explicit Thread(std::unique_ptr<Work> work) : work_(std::move(work)) {}
  // pthread_create(3) with all signals blocked.
  static Result<pthread_t> create(void* (*run)(void*), Work* work);
  static void* run(void* work);
  static void* run_detached(void* work);

  std::unique_ptr<Work> work_;  // null: it was moved from, or there is no thread
  pthread_t thread_ = {};
};

}  // namespace oklo::sys
