#include "sys/thread.h"

#include <doctest/doctest.h>

#include <signal.h>
#include <sys/prctl.h>

#include <optional>
#include <string>
#include <utility>

namespace sys = oklo::sys;

TEST_CASE("sys/thread: runs its function under its name, and is waited for") {
  std::string name;
  {
    auto thread = sys::Thread::start("a thread's own name", [&] {
      char own[16] = {};
      prctl(PR_GET_NAME, own);
      name = own;
    });
    REQUIRE(thread.ok());
    sys::Thread moved = std::move(*thread);
  }
  CHECK(name == "a thread's own ");
}

TEST_CASE("sys/thread: no signal reaches it, and who made it hears what it heard before") {
  sigset_t before, inside, after;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  {
    auto thread = sys::Thread::start("t", [&] { pthread_sigmask(SIG_SETMASK, nullptr, &inside); });
    REQUIRE(thread.ok());
  }
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (int signal : {SIGTERM, SIGINT, SIGCHLD, SIGUSR1, SIGRTMIN + 1, SIGSEGV}) {
    CHECK(sigismember(&inside, signal) == 1);
    CHECK(sigismember(&after, signal) == sigismember(&before, signal));
  }
}
