#pragma once

#include <pthread.h>

#include "sys/mutex.h"

namespace oklo::sys {

// What threads wait for that a mutex guards.
class Condition {
 public:
  Condition() = default;
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  // Gives up the mutex, which the caller has locked, while it waits. It returns at times for no reason: look
  // again (pthread_cond_wait(3)).
  void wait(Mutex& mutex);

  // Of those that wait.
  void wake_one();

 private:
  pthread_cond_t condition_ = PTHREAD_COND_INITIALIZER;
};

}  // namespace oklo::sys
