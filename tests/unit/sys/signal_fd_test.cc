#include "sys/signal_fd.h"

#include <doctest/doctest.h>

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "child.h"

namespace sys = oklo::sys;

namespace {

bool readable(int fd) {
  pollfd entry = {fd, POLLIN, 0};
  return poll(&entry, 1, 0) == 1;
}

}  // namespace

TEST_CASE("sys/signal_fd: signals become readable and do not end the process") {
  CHECK(in_child([] {
          auto signals = sys::SignalFd::create({SIGTERM, SIGUSR1, SIGRTMIN + 1});
          if (!signals || signals->next()) return 1;
          if (readable(signals->fd())) return 2;
          for (int signal : {SIGTERM, SIGUSR1, SIGRTMIN + 1}) {
            kill(getpid(), signal);
            if (!readable(signals->fd())) return 3;
            if (signals->next() != signal) return 4;
          }
          return signals->next() ? 5 : 0;
        }) == 0);
}

TEST_CASE("sys/signal_fd: a signal that was not asked for keeps its meaning") {
  CHECK(in_child([] {
          signal(SIGHUP, SIG_DFL);
          auto signals = sys::SignalFd::create({SIGUSR1});
          raise(SIGHUP);
          return 0;
        }) == 1000 + SIGHUP);
}

TEST_CASE("sys/signal_fd: reset_signals makes them deadly again, those that wait too") {
  CHECK(in_child([] {
          auto signals = sys::SignalFd::create({SIGTERM});
          kill(getpid(), SIGTERM);
          sys::reset_signals();
          return 0;
        }) == 1000 + SIGTERM);
}

TEST_CASE("sys/signal_fd: ignore_sigpipe, and reset_signals takes it back") {
  auto write_to_no_one = [] {
    int ends[2];
    if (pipe(ends) != 0) return 1;
    close(ends[0]);
    return write(ends[1], "x", 1) < 0 ? 0 : 2;
  };
  CHECK(in_child([&] {
          sys::ignore_sigpipe();
          return write_to_no_one();
        }) == 0);
  CHECK(in_child([&] {
          sys::ignore_sigpipe();
          sys::reset_signals();
          return write_to_no_one();
        }) == 1000 + SIGPIPE);
}
