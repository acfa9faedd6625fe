#include "sys/signal_queue.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <unistd.h>

#include "child.h"

namespace sys = oklo::sys;

TEST_CASE("sys/signal_queue: real-time signals come in order with their values, others once") {
  CHECK(in_child([] {
          auto queue = sys::SignalQueue::create({SIGUSR1, SIGRTMIN});
          if (!queue) return 1;
          for (int value : {1, 2, 3})
            if (sys::queue_signal(getpid(), SIGRTMIN, value) != 0) return 2;
          for (int i = 0; i < 3; i++) kill(getpid(), SIGUSR1);
          int value = 0;
          if (queue->take(value) != SIGUSR1) return 3;
          for (int expected : {1, 2, 3})
            if (queue->take(value) != SIGRTMIN || value != expected) return 4;
          sigset_t pending;
          return sigpending(&pending) == 0 && !sigismember(&pending, SIGUSR1) ? 0 : 5;
        }) == 0);
}

TEST_CASE("sys/signal_queue: nobody is there to get one") {
  int pid = fork();
  if (pid == 0) _exit(0);
  REQUIRE(waitpid(pid, nullptr, 0) == pid);
  CHECK(sys::queue_signal(pid, SIGRTMIN, 1) == -ESRCH);
}
