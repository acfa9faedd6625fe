#include "sys/condition.h"

#include <doctest/doctest.h>

#include <vector>

#include "sys/thread.h"

namespace sys = oklo::sys;

TEST_CASE("sys/condition: each of those that wait is woken when there is something for it") {
  sys::Mutex mutex;
  sys::Condition there_is;
  int things = 0, taken = 0;
  {
    std::vector<sys::Thread> threads;
    for (int i = 0; i < 3; i++) {
      auto thread = sys::Thread::start("t", [&] {
        sys::Mutex::Hold hold(mutex);
        while (things == 0) there_is.wait(mutex);
        things--;
        taken++;
      });
      REQUIRE(thread.ok());
      threads.push_back(std::move(*thread));
    }
    for (int i = 0; i < 3; i++) {
      sys::Mutex::Hold hold(mutex);
      things++;
      there_is.wake_one();
    }
  }
  CHECK(taken == 3);
  CHECK(things == 0);
}
