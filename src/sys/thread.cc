#include "sys/thread.h"

#include <utility>

#include "sys/kernel.h"
#include "sys/title.h"

namespace oklo::sys {

// A new thread begins with the signal mask of the one that makes it.
Result<pthread_t> Thread::create(void* (*run)(void*), Work* work) {
  pthread_t thread = {};
  sigset_t all, before;
  sigfillset(&all);
  long result = kernel::sigprocmask(SIG_SETMASK, &all, &before);
  if (result >= 0) {
    result = kernel::pthread_create(&thread, run, work);
    kernel::sigprocmask(SIG_SETMASK, &before, nullptr);
  }
  if (result >= 0) return thread;
  return system_error(static_cast<int>(-result), "cannot start a thread");
}

Result<Thread> Thread::start(std::string name, Function<void()> function) {
  std::unique_ptr<Work> work(new Work{std::move(name), std::move(function)});
  Result<pthread_t> created = create(run, work.get());
  if (!created) return created.error();
  Thread thread(std::move(work));
  thread.thread_ = *created;
  return thread;
}

Result<void> Thread::start_detached(std::string name, Function<void()> function) {
  std::unique_ptr<Work> work(new Work{std::move(name), std::move(function)});
  Result<pthread_t> created = create(run_detached, work.get());
  if (!created) return created.error();
  work.release();
  kernel::pthread_detach(*created);
  return {};
}

Thread::~Thread() {
  if (work_) kernel::pthread_join(thread_);
}

void* Thread::run(void* work) {
  Work& own = *static_cast<Work*>(work);
  set_thread_name(own.name);
  own.function();
  return nullptr;
}

void* Thread::run_detached(void* work) {
  std::unique_ptr<Work> own(static_cast<Work*>(work));
  return run(own.get());
}

}  // namespace oklo::sys
