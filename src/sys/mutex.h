#pragma once

#include <pthread.h>

namespace oklo::sys {

// A lock between the threads of one process.
class Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock();  // waits
  void unlock();

  // Locked as long as it lives.
  class Hold {
   public:
    explicit Hold(Mutex& mutex) : mutex_(mutex) { mutex_.lock(); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() { mutex_.unlock(); }

   private:
    Mutex& mutex_;
  };

 private:
  friend class Condition;
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
};

}  // namespace oklo::sys
