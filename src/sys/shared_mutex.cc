#include "sys/shared_mutex.h"

#include <errno.h>

#include "base/assert.h"

namespace oklo::sys {

// Emulators (qemu-user) have no robust lists; there a lock stays with a holder that died.
void SharedMutex::init() {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  int failed = pthread_mutex_init(&mutex_, &attributes);
  if (failed == ENOTSUP) {
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_STALLED);
    failed = pthread_mutex_init(&mutex_, &attributes);
  }
  pthread_mutexattr_destroy(&attributes);
  OKLO_ASSERT(failed == 0);
}

SharedMutex::Locked SharedMutex::lock() { return outcome(pthread_mutex_lock(&mutex_)); }

SharedMutex::Locked SharedMutex::try_lock() { return outcome(pthread_mutex_trylock(&mutex_)); }

// EDEADLK, and EBUSY from lock, are bugs of the caller.
SharedMutex::Locked SharedMutex::outcome(int number) {
  if (number == EBUSY) return Locked::no;
  if (number == EOWNERDEAD) {
    OKLO_ASSERT(pthread_mutex_consistent(&mutex_) == 0);
    return Locked::recovered;
  }
  OKLO_ASSERT(number == 0);
  return Locked::yes;
}

void SharedMutex::unlock() { OKLO_ASSERT(pthread_mutex_unlock(&mutex_) == 0); }

}  // namespace oklo::sys
