#include <doctest/doctest.h>

#include <errno.h>
#include <signal.h>

#include "faulty_kernel.h"
#include "sys/thread.h"

namespace faults = oklo::faults;

TEST_CASE("fault/sys: a thread that cannot be started says why, and the signals are heard as before") {
  for (const char* call : {"pthread_create", "sigprocmask"}) {
    CAPTURE(call);
    faults::Scope scope;
    faults::fail(call, 1, EAGAIN);
    bool ran = false;
    auto thread = oklo::sys::Thread::start("t", [&] { ran = true; });
    REQUIRE_FALSE(thread.ok());
    CHECK(thread.error().number == EAGAIN);
    CHECK(thread.error().text.starts_with("cannot start a thread"));
    CHECK(faults::count("pthread_join") == 0);
    CHECK_FALSE(ran);
    sigset_t mask;
    sigprocmask(SIG_SETMASK, nullptr, &mask);
    CHECK(sigismember(&mask, SIGTERM) == 0);
  }
}
