#include "sys/shared_mutex.h"

#include <doctest/doctest.h>

#include <signal.h>

#include <new>
#include <vector>

#include "child.h"
#include "emulated.h"
#include "stepped_child.h"
#include "sys/memory.h"

namespace sys = oklo::sys;
using Locked = sys::SharedMutex::Locked;

namespace {

// A lock in shared memory, and a number that it guards.
struct Guarded {
  sys::Memory memory = sys::Memory::allocate_shared(4096).value();
  sys::SharedMutex& mutex = *reinterpret_cast<sys::SharedMutex*>(memory.data());
  volatile int& number = *reinterpret_cast<volatile int*>(memory.data() + 2048);
  Guarded() { mutex.init(); }
};

int aborts(void (*body)(sys::SharedMutex& mutex)) {
  return in_child([&] {
    signal(SIGABRT, SIG_DFL);
    close(STDERR_FILENO);
    Guarded guarded;
    body(guarded.mutex);
    return 0;
  });
}

}  // namespace

TEST_CASE("sys/shared_mutex: one holds it, others see that") {
  Guarded guarded;
  auto other = [&] {
    return in_child([&] {
      Locked got = guarded.mutex.try_lock();
      if (got != Locked::no) guarded.mutex.unlock();
      return static_cast<int>(got);
    });
  };
  CHECK(guarded.mutex.lock() == Locked::yes);
  CHECK(other() == static_cast<int>(Locked::no));
  guarded.mutex.unlock();
  CHECK(other() == static_cast<int>(Locked::yes));
  CHECK(guarded.mutex.try_lock() == Locked::yes);
  CHECK(other() == static_cast<int>(Locked::no));
  guarded.mutex.unlock();
  CHECK(guarded.mutex.lock() == Locked::yes);
  guarded.mutex.unlock();
}

TEST_CASE("sys/shared_mutex: processes take turns") {
  Guarded guarded;
  constexpr int kProcesses = 4, kTimes = 20'000;
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; i++) {
    pid_t pid = fork();
    if (pid > 0) children.push_back(pid);
    if (pid != 0) continue;
    for (int times = 0; times < kTimes; times++) {
      if (guarded.mutex.lock() != Locked::yes) _exit(1);
      guarded.number = guarded.number + 1;
      guarded.mutex.unlock();
    }
    _exit(0);
  }
  for (pid_t pid : children) {
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    CHECK(status == 0);
  }
  CHECK(guarded.number == kProcesses * kTimes);
}

TEST_CASE("sys/shared_mutex: a holder that dies gives it up, and the next one is told") {
  if (emulated()) return;  // It has no robust lists.
  for (int how : {0, 1, 2}) {
    Guarded guarded;
    auto die_with_it = [&] {
      return in_child([&] {
        Locked got = guarded.mutex.lock();
        if (how == 1) raise(SIGKILL);
        if (how == 2) _exit(static_cast<int>(got));
        return static_cast<int>(got);
      });
    };
    CHECK(die_with_it() == (how == 1 ? 1000 + SIGKILL : static_cast<int>(Locked::yes)));
    // One that is told and dies too passes it on.
    CHECK(die_with_it() == (how == 1 ? 1000 + SIGKILL : static_cast<int>(Locked::recovered)));
    CHECK((how == 0 ? guarded.mutex.try_lock() : guarded.mutex.lock()) == Locked::recovered);
    guarded.mutex.unlock();
    CHECK(guarded.mutex.lock() == Locked::yes);
    guarded.mutex.unlock();
  }
}

TEST_CASE("sys/shared_mutex: one who waits gets it when the holder dies") {
  if (emulated()) return;
  Guarded guarded;
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  pid_t holder = fork();
  if (holder == 0) {
    guarded.mutex.lock();
    if (write(ready[1], "", 1) != 1) _exit(1);
    for (;;) pause();
  }
  char byte;
  REQUIRE(read(ready[0], &byte, 1) == 1);
  pid_t waiter = fork();
  if (waiter == 0) {
    if (write(ready[1], "", 1) != 1) _exit(1);
    Locked got = guarded.mutex.lock();
    guarded.mutex.unlock();
    _exit(static_cast<int>(got));
  }
  REQUIRE(read(ready[0], &byte, 1) == 1);
  kill(holder, SIGKILL);
  int status = 0;
  REQUIRE(waitpid(waiter, &status, 0) == waiter);
  CHECK(WEXITSTATUS(status) == static_cast<int>(Locked::recovered));
  waitpid(holder, nullptr, 0);
  for (int fd : ready) close(fd);
}

TEST_CASE("sys/shared_mutex: a death at any instruction of lock and unlock leaves it free") {
  Guarded guarded;
  after_each_death(kSanitized ? Step::store : Step::instruction, [&] {
    guarded.mutex.lock();
    guarded.mutex.unlock();
  }, [&] {
    CHECK(guarded.mutex.lock() != Locked::no);
    guarded.mutex.unlock();
    CHECK(guarded.mutex.try_lock() == Locked::yes);
    guarded.mutex.unlock();
  });
}

TEST_CASE("sys/shared_mutex: to lock what one holds and to unlock what one does not are bugs") {
  CHECK(aborts([](sys::SharedMutex& mutex) {
          mutex.lock();
          mutex.lock();
        }) == 1000 + SIGABRT);
  CHECK(aborts([](sys::SharedMutex& mutex) { mutex.unlock(); }) == 1000 + SIGABRT);
  CHECK(aborts([](sys::SharedMutex& mutex) {
          mutex.lock();
          _exit(in_child([&] {
                  mutex.unlock();
                  return 0;
                }) == 1000 + SIGABRT ? 7 : 8);
        }) == 7);
}
