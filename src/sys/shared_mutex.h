#pragma once

#include <pthread.h>

#include <cstdint>

namespace oklo::sys {

// A lock in memory that processes share: it stands there itself, made by init, and is never destroyed. When
// its holder dies, at whatever moment, the kernel gives it up (pthread_mutexattr_setrobust(3)). To lock what
// the caller holds already, or to unlock what it does not hold, is a bug.
class SharedMutex {
 public:
  // Recovered: locked too, but the last holder died with it, so what it guards may be half changed.
  enum class Locked : uint8_t { no, yes, recovered };

  // Once, before any other process or thread knows of it.
  void init();

  Locked lock();      // waits; never `no`
  Locked try_lock();  // `no` when another holds it
  void unlock();

 private:
  Locked outcome(int number);

  pthread_mutex_t mutex_;
};

}  // namespace oklo::sys
