#include "sys/usage.h"

#include <doctest/doctest.h>

#include <poll.h>
#include <unistd.h>

#include "child.h"
#include "sys/process.h"

namespace sys = oklo::sys;

namespace {

void use_processor(uint64_t ns) {
  while (sys::processor_ns(getpid()) < ns) {}
}

}  // namespace

TEST_CASE("sys/usage: what a child has used counts when it was waited for") {
  constexpr uint64_t kNs = 30'000'000;
  const sys::Usage before = sys::usage_of_children();
  CHECK(in_child([] {
          use_processor(kNs);
          poll(nullptr, 0, 1);
          return 0;
        }) == 0);
  const sys::Usage after = sys::usage_of_children();
  CHECK(after.processor_us >= before.processor_us + kNs / 1000 / 2);
  CHECK(after.voluntary > before.voluntary);
  CHECK(after.involuntary >= before.involuntary);
}

TEST_CASE("sys/usage: two that share a processor wait for it in turn") {
  CHECK(in_child([] {
          if (!sys::pin_to_processor(0)) return 1;
          pid_t here = getpid(), other = fork();
          if (other == 0) {
            sys::die_with_parent(here);
            use_processor(UINT64_MAX);
          }
          uint64_t before = sys::waited_for_processor_ns();
          while (access("/proc/thread-self/schedstat", F_OK) == 0 &&
                 sys::waited_for_processor_ns() < before + 10'000'000) {}
          kill(other, SIGKILL);
          return waitpid(other, nullptr, 0) == other ? 0 : 2;
        }) == 0);
}

TEST_CASE("sys/usage: the processor time of a process, and of one that is none") {
  CHECK(sys::processor_ns(getpid()) > 0);
  CHECK(sys::processor_ns(0) == 0);
  CHECK(sys::processor_ns(-1) == 0);
}
