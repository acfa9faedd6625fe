#include "sys/tracing.h"

#include <doctest/doctest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "emulated.h"
#include "sanitized.h"
#include "sys/kernel.h"
#include "sys/process.h"

namespace sys = oklo::sys;
using Kind = sys::TraceEvent::Kind;

namespace {

// Lets all that is traced go on until nothing is left; how many calls were made. -1: some event did not come.
int calls_until_end() {
  int stops = 0;
  while (sys::has_children()) {
    siginfo_t info = {};
    if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WNOWAIT | __WALL) != 0) return -1;
    while (std::optional<sys::TraceEvent> event = sys::next_trace_event()) {
      stops += event->kind == Kind::call;
      sys::go_on(*event);
    }
  }
  return stops / 2;
}

// The calls of a child that waits for a byte when it is first seen, and runs `body` then; -2: tracing is not
// permitted.
template <class Body>
int calls_of(Body body) {
  int ends[2];
  if (pipe(ends) != 0) return -1;
  oklo::Result<pid_t> child = sys::fork_process();
  if (!child) return -1;
  if (*child == 0) {
    char byte;
    if (read(ends[0], &byte, 1) != 1) _exit(1);
    body();
    _exit(0);
  }
  for (auto status = sys::process_status(*child); status && !status->sleeps();)
    status = sys::process_status(*child);
  if (sys::trace_calls(*child) < 0) return -2;
  if (write(ends[1], "x", 1) != 1) return -1;
  return calls_until_end();
}

void call_often(int times) {
  for (int i = 0; i < times; i++) sys::kernel::getppid();
}

}  // namespace

TEST_CASE("sys/tracing: each system call counts, also those of processes that it starts") {
  if (emulated()) return;
  CHECK(in_child([] {
          int few = calls_of([] { call_often(10); });
          int many = calls_of([] { call_often(110); });
          if (few == -2) return 0;
          // The call that waits for the byte is seen from its middle on; a sanitizer calls as it likes.
          if (kSanitized) return few >= 10 && many >= 110 ? 0 : 2;
          return few >= 10 && many - few >= 99 && many - few <= 101 ? 0 : 1;
        }) == 0);
  CHECK(in_child([] {
          int alone = calls_of([] { call_often(10); });
          int both = calls_of([] {
            pid_t child = fork();
            call_often(child == 0 ? 200 : 10);
            if (child == 0) _exit(0);
            waitpid(child, nullptr, 0);
          });
          if (alone == -2) return 0;
          return both - alone >= 199 ? 0 : 1;
        }) == 0);
}

TEST_CASE("sys/tracing: a signal that comes meanwhile is given") {
  if (emulated()) return;
  CHECK(in_child([] {
          int calls = calls_of([] {
            signal(SIGUSR1, [](int) { call_often(50); });
            raise(SIGUSR1);
          });
          return calls == -2 || calls >= 50 ? 0 : 1;
        }) == 0);
}

TEST_CASE("sys/tracing: what is no child is no event") {
  CHECK(in_child([] {
          if (sys::has_children() || sys::next_trace_event()) return 1;
          return sys::trace_calls(getpid()) < 0 ? 0 : 2;
        }) == 0);
}
