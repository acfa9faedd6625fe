#include "sys/thread.h"

#include <doctest/doctest.h>

#include <signal.h>
#include <sys/prctl.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sys/event_fd.h"
#include "sys/time.h"
#include "sys/waiting.h"

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

TEST_CASE("sys/thread: one that nobody waits for runs its function and lets go of what that holds") {
  auto rung = sys::EventFd::create();
  REQUIRE(rung.ok());
  struct Ringer {
    explicit Ringer(sys::EventFd& own) : event(own) {}
    ~Ringer() { event.ring(); }
    sys::EventFd& event;
  };
  auto ringer = std::make_unique<Ringer>(*rung);
  REQUIRE(sys::Thread::start_detached("d", [held = std::move(ringer)] {}).ok());
  CHECK(sys::wait_readable(rung->fd(), sys::monotonic_ms() + 10'000) == 0);
  rung->clear();
}
