#include "sys/condition.h"

#include "base/assert.h"

namespace oklo::sys {

void Condition::wait(Mutex& mutex) {
  OKLO_ASSERT(pthread_cond_wait(&condition_, &mutex.mutex_) == 0);
}

void Condition::wake_one() { OKLO_ASSERT(pthread_cond_signal(&condition_) == 0); }

}  // namespace oklo::sys
