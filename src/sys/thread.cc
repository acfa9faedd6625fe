#include "sys/thread.h"

#include <utility>

#include "sys/kernel.h"
#include "sys/title.h"

namespace oklo::sys {

// A new thread begins with the signal mask of the one that makes it (pthread_create(3)).
Result<Thread> Thread::start(std::string name, Function<void()> function) {
  Thread thread(std::unique_ptr<Work>(new Work{std::move(name), std::move(function)}));
  sigset_t all, before;
  sigfillset(&all);
  long result = kernel::sigprocmask(SIG_SETMASK, &all, &before);
  if (result >= 0) {
    result = kernel::pthread_create(&thread.thread_, run, thread.work_.get());
    kernel::sigprocmask(SIG_SETMASK, &before, nullptr);
  }
  if (result >= 0) return thread;
  thread.work_.reset();
  return system_error(static_cast<int>(-result), "cannot start a thread");
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

}  // namespace oklo::sys
