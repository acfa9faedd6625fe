#include "sys/waiting.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"
#include "sys/fd.h"
#include "sys/time.h"

namespace sys = oklo::sys;

namespace {

struct Pair {
  int ends[2];
  Pair() { REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0); }
  ~Pair() {
    close(ends[0]);
    close(ends[1]);
  }
};

}  // namespace

TEST_CASE("sys/waiting: what is there is not waited for, be the time over or not") {
  Pair pair;
  CHECK(sys::wait_writable(pair.ends[0], 0) == 0);
  CHECK(sys::wait_readable(pair.ends[0], 0) == -ETIMEDOUT);
  REQUIRE(write(pair.ends[1], "x", 1) == 1);
  CHECK(sys::wait_readable(pair.ends[0], 0) == 0);
  CHECK(sys::wait_readable(pair.ends[0], UINT64_MAX) == 0);
}

TEST_CASE("sys/waiting: it does not end before its time") {
  Pair pair;
  uint64_t until_ms = sys::monotonic_ms() + 20;
  CHECK(sys::wait_readable(pair.ends[0], until_ms) == -ETIMEDOUT);
  CHECK(sys::monotonic_ms() >= until_ms);
  until_ms = sys::monotonic_ms() + 20;
  sys::wait_until(until_ms);
  CHECK(sys::monotonic_ms() >= until_ms);
  sys::wait_until(0);
}

TEST_CASE("sys/waiting: signals do not end it") {
  CHECK(in_child([] {
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    sigaction(SIGALRM, &action, nullptr);
    ualarm(3000, 3000);
    Pair pair;
    uint64_t until_ms = sys::monotonic_ms() + 50;
    long result = sys::wait_readable(pair.ends[0], until_ms);
    return result == -ETIMEDOUT && sys::monotonic_ms() >= until_ms ? 7 : 1;
  }) == 7);
}

TEST_CASE("sys/waiting: the end of the other side, and what is no fd") {
  Pair pair;
  shutdown(pair.ends[1], SHUT_WR);
  CHECK(sys::wait_readable(pair.ends[0], 0) == 0);
  CHECK(sys::wait_readable(1 << 20, UINT64_MAX) == 0);  // POLLNVAL: the call that follows will say
}
