#include "experiments/child.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "child.h"
#include "experiments/shared_page.h"
#include "sys/process.h"

namespace sys = oklo::sys;
using oklo::experiments::Child;
using oklo::experiments::Count;
using oklo::experiments::SharedPage;

namespace {

// A pipe whose other end is held by all that is forked while it lives.
struct Witness {
  int ends[2] = {-1, -1};
  Witness() { REQUIRE(pipe2(ends, O_CLOEXEC) == 0); }
  ~Witness() { close(ends[0]); }
  void let_go() { close(ends[1]); }
  // Waits until nobody holds it.
  bool all_gone() const {
    char byte = 0;
    return read(ends[0], &byte, 1) == 0;
  }
};

}  // namespace

TEST_CASE("experiments/child: what it has forked is gone with it") {
  Witness witness;
  oklo::Result<SharedPage<Count>> count = SharedPage<Count>::make();
  REQUIRE(count.ok());
  {
    oklo::Result<Child> child = Child::start([&] {
      (void)fork();
      (*count)->add();
      for (;;) pause();
    });
    REQUIRE(child.ok());
    witness.let_go();
    REQUIRE((*count)->reaches(2));
  }
  CHECK(witness.all_gone());
}

TEST_CASE("experiments/child: one that has ended by itself is reaped") {
  oklo::Result<Child> child = Child::start([] {});
  REQUIRE(child.ok());
  pid_t pid = child->pid();
  child->wait();
  CHECK(!sys::is_child(pid));
}

TEST_CASE("experiments/child: one that is told to stop may do so in order") {
  oklo::Result<SharedPage<Count>> count = SharedPage<Count>::make();
  REQUIRE(count.ok());
  oklo::Result<Child> child = Child::start([&] {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    (*count)->add();
    int signal = 0;
    sigwait(&set, &signal);
    (*count)->add();
  });
  REQUIRE(child.ok());
  REQUIRE((*count)->reaches(1));
  child->stop();
  CHECK((*count)->value() == 2);
}

TEST_CASE("experiments/child: it dies with who has started it") {
  Witness witness;
  CHECK(in_child([&] {
          oklo::Result<Child> child = Child::start([] {
            for (;;) pause();
          });
          if (!child) return 1;
          (void)kill(getpid(), SIGKILL);
          return 2;
        }) == 1000 + SIGKILL);
  witness.let_go();
  CHECK(witness.all_gone());
}
