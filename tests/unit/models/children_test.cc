#include "models/children.h"

#include <doctest/doctest.h>

#include <signal.h>
#include <unistd.h>

#include "child.h"
#include "sys/process.h"

using namespace oklo;

namespace {

// Reads numbers that children write, one byte each.
struct Pipe {
  int ends[2];
  Pipe() { REQUIRE(pipe(ends) == 0); }
  ~Pipe() {
    close(ends[0]);
    close(ends[1]);
  }
  void say(unsigned number) const {
    char byte = static_cast<char>(number);
    if (write(ends[1], &byte, 1) != 1) _exit(1);
  }
  int hear() const {
    char byte = 0;
    return read(ends[0], &byte, 1) == 1 ? byte : -1;
  }
};

}  // namespace

TEST_CASE("models/children: a child does its work and ends") {
  CHECK(in_child([] {
    Pipe pipe;
    if (!models::start_child([&pipe] { pipe.say(5); })) return 1;
    auto ended = sys::wait_for_child();
    return pipe.hear() == 5 && ended && ended->status == 0 ? 0 : 2;
  }) == 0);
}

TEST_CASE("models/children: each of them has its number, and one that ends is started again") {
  Pipe pipe;
  pid_t keeper = fork();
  if (keeper == 0) {
    (void)models::keep_children(2, [&pipe](unsigned number) {
      pipe.say(number);
      if (number == 0) return;
      for (;;) pause();
    });
    _exit(1);
  }
  int zeros = 0, ones = 0;
  while (zeros < 3) (pipe.hear() == 0 ? zeros : ones)++;
  CHECK(ones == 1);
  kill(keeper, SIGKILL);
  CHECK(waitpid(keeper, nullptr, 0) == keeper);
}

TEST_CASE("models/children: they are killed when their parent is") {
  Pipe pipe;
  pid_t keeper = fork();
  if (keeper == 0) {
    close(pipe.ends[0]);
    (void)models::keep_children(3, [&pipe](unsigned number) {
      pipe.say(number);
      for (;;) pause();
    });
    _exit(1);
  }
  close(pipe.ends[1]);
  for (int i = 0; i < 3; i++) CHECK(pipe.hear() >= 0);
  kill(keeper, SIGKILL);
  CHECK(waitpid(keeper, nullptr, 0) == keeper);
  CHECK(pipe.hear() == -1);  // the end: nobody has the other end of the pipe any more
  pipe.ends[1] = dup(pipe.ends[0]);
}
