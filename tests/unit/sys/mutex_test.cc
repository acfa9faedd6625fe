#include "sys/mutex.h"

#include <doctest/doctest.h>

#include <vector>

#include "sys/thread.h"

namespace sys = oklo::sys;

TEST_CASE("sys/mutex: what threads do under it, they do one after another") {
  sys::Mutex mutex;
  int count = 0;
  {
    std::vector<sys::Thread> threads;
    for (int i = 0; i < 4; i++) {
      auto thread = sys::Thread::start("t", [&] {
        for (int round = 0; round < 10'000; round++) {
          sys::Mutex::Hold hold(mutex);
          count++;
        }
      });
      REQUIRE(thread.ok());
      threads.push_back(std::move(*thread));
    }
  }
  CHECK(count == 40'000);
}
