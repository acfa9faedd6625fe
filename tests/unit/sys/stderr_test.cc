#include "sys/stderr.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "child.h"
#include "sys/fd.h"
#include "temp_dir.h"

namespace sys = oklo::sys;

namespace {

// A pipe whose ends block.
struct Pipe {
  sys::Fd in, out;
  Pipe() {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    in.reset(ends[0]);
    out.reset(ends[1]);
  }
  std::string drain() const {
    std::string all(1 << 20, '\0');
    all.resize(static_cast<size_t>(read(in.get(), all.data(), all.size())));
    return all;
  }
};

}  // namespace

TEST_CASE("sys/stderr: writes what is taken and stops where it would wait, though the pipe blocks") {
  Pipe pipe;
  std::string line = "0123456789abcdef\n", text;
  while (text.size() < 400'000) text += line;
  long first = sys::write_without_waiting(pipe.out.get(), text);
  CHECK(first > 0);
  CHECK(first < static_cast<long>(text.size()));
  CHECK(first % static_cast<long>(line.size()) == 0);
  CHECK(sys::write_without_waiting(pipe.out.get(), text) == 0);
  CHECK(pipe.drain() == text.substr(0, static_cast<size_t>(first)));
  CHECK(sys::write_without_waiting(pipe.out.get(), "more\n") == 5);
}

TEST_CASE("sys/stderr: a line longer than a pipe takes whole is written in pieces") {
  Pipe pipe;
  std::string text(10'000, 'x');
  CHECK(sys::write_without_waiting(pipe.out.get(), text) == 10'000);
  CHECK(pipe.drain() == text);
  CHECK(sys::write_without_waiting(pipe.out.get(), "") == 0);
}

TEST_CASE("sys/stderr: a file takes all, a closed pipe and a closed fd are errors") {
  TempDir temp;
  sys::Fd file(open((temp / "f").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  CHECK(sys::write_without_waiting(file.get(), std::string(100'000, 'x')) == 100'000);
  CHECK(in_child([] {
          signal(SIGPIPE, SIG_IGN);
          int ends[2];
          if (pipe(ends) != 0) return 1;
          close(ends[0]);
          return sys::write_without_waiting(ends[1], "x") == -EPIPE ? 0 : 2;
        }) == 0);
  CHECK(sys::write_without_waiting(1000, "x") == -EBADF);
}

TEST_CASE("sys/stderr: print writes all, also to a pipe that does not block") {
  Pipe pipe;
  fcntl(pipe.out.get(), F_SETFL, O_NONBLOCK);
  std::string text(300'000, 'x');
  pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    sys::print(pipe.out.get(), text);
    _exit(0);
  }
  pipe.out.reset();
  std::string all;
  for (std::string part = "-"; !part.empty(); all += part) part = pipe.drain();
  int status = 1;
  waitpid(pid, &status, 0);
  CHECK(status == 0);
  CHECK(all == text);
  sys::print(1000, "nowhere");
}
