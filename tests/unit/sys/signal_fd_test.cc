#include "sys/signal_fd.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "child.h"
#include "sys/memory_file.h"

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

TEST_CASE("sys/signal_fd: the signals of write are ignored, and reset_signals takes it back") {
  auto write_to_no_one = [] {
    int ends[2];
    if (pipe(ends) != 0) return 1;
    close(ends[0]);
    return write(ends[1], "x", 1) < 0 ? 0 : 2;
  };
  auto write_too_much = [] {
    rlimit none = {0, 0};
    if (setrlimit(RLIMIT_FSIZE, &none) != 0) return 1;
    auto file = sys::MemoryFile::create("test");
    return file && file->write("x", 0) == -EFBIG ? 0 : 2;
  };
  auto ignoring = [](auto act) {
    return in_child([&] {
      sys::ignore_signals_of_write();
      return act();
    });
  };
  auto resetting = [](auto act) {
    return in_child([&] {
      sys::ignore_signals_of_write();
      sys::reset_signals();
      return act();
    });
  };
  CHECK(ignoring(write_to_no_one) == 0);
  CHECK(ignoring(write_too_much) == 0);
  CHECK(resetting(write_to_no_one) == 1000 + SIGPIPE);
  CHECK(resetting(write_too_much) == 1000 + SIGXFSZ);
}
