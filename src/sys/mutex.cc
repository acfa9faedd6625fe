#include "sys/mutex.h"

#include "base/assert.h"

namespace oklo::sys {

void Mutex::lock() { OKLO_ASSERT(pthread_mutex_lock(&mutex_) == 0); }

void Mutex::unlock() { OKLO_ASSERT(pthread_mutex_unlock(&mutex_) == 0); }

}  // namespace oklo::sys
