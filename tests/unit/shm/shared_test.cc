#include <oklo/shared.h>

#include <doctest/doctest.h>

#include <signal.h>

#include <utility>

#include "child.h"
#include "emulated.h"

using oklo::Atomic;
using oklo::Lock;
using oklo::Locked;

TEST_CASE("shm/shared: an Atomic is one number for all processes") {
  Atomic number(40);
  REQUIRE(number.ok());
  CHECK(number.error().empty());
  CHECK(in_child([&] { return number.add(2) == 42 ? 0 : 1; }) == 0);
  CHECK(number.get() == 42);
  CHECK(number.sub(50) == -8);
  CHECK(number.sub() == -9);
  CHECK(number.add() == -8);
  number.set(INT64_MIN);
  CHECK(number.sub(INT64_MIN) == 0);
  CHECK(!number.compare_exchange(1, 5));
  CHECK(number.compare_exchange(0, 5));
  CHECK(number.get() == 5);
  CHECK(Atomic().get() == 0);
}

TEST_CASE("shm/shared: an Atomic moves") {
  Atomic first(1), second(2);
  Atomic third(std::move(first));
  CHECK(third.get() == 1);
  second = std::move(third);
  CHECK(in_child([&] { return static_cast<int>(second.add(6)); }) == 7);
  CHECK(second.get() == 7);
}

TEST_CASE("shm/shared: wait ends when the number is another one, or when the time is over") {
  Atomic number(1);
  CHECK(number.wait(0));
  CHECK(number.wait(0, 0));
  CHECK(!number.wait(1, 0));
  CHECK(!number.wait(1, 1));
  number.wake();
  CHECK(!number.wait(1, 1));
  CHECK(number.wait(0, INT64_MAX));
  CHECK(number.wait(0, INT64_MIN));
}

TEST_CASE("shm/shared: processes wait for each other") {
  Atomic turn(0);
  constexpr int64_t kTurns = 4000;
  pid_t child = fork();
  if (child == 0) {
    for (int64_t i = 1; i < kTurns; i += 2) {
      if (!turn.wait(i - 1) || turn.get() != i) _exit(1);
      turn.set(i + 1);
      turn.wake();
    }
    _exit(0);
  }
  for (int64_t i = 0; i < kTurns; i += 2) {
    turn.set(i + 1);
    turn.wake();
    CHECK(turn.wait(i + 1, INT64_MAX));
    CHECK(turn.get() == i + 2);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("shm/shared: a Lock is held by one process") {
  Lock lock;
  REQUIRE(lock.ok());
  CHECK(lock.error().empty());
  auto other = [&] {
    return in_child([&] {
      Locked got = lock.try_lock();
      if (got == Locked::no) return 0;
      lock.unlock();
      return got == Locked::yes ? 1 : 2;
    });
  };
  CHECK(lock.lock() == Locked::yes);
  CHECK(other() == 0);
  lock.unlock();
  CHECK(other() == 1);
  {
    Lock::Guard guard(lock);
    CHECK(!guard.recovered());
    CHECK(other() == 0);
  }
  CHECK(other() == 1);
  Lock moved(std::move(lock));
  CHECK(moved.try_lock() == Locked::yes);
  moved.unlock();
}

TEST_CASE("shm/shared: a Lock tells that its last holder died") {
  if (emulated()) return;
  Lock lock;
  auto die_with_it = [&] {
    return in_child([&] {
      lock.lock();
      raise(SIGKILL);
      return 0;
    });
  };
  REQUIRE(die_with_it() == 1000 + SIGKILL);
  CHECK(lock.try_lock() == Locked::recovered);
  lock.unlock();
  REQUIRE(die_with_it() == 1000 + SIGKILL);
  {
    Lock::Guard guard(lock);
    CHECK(guard.recovered());
  }
  CHECK(lock.lock() == Locked::yes);
  lock.unlock();
}

TEST_CASE("shm/shared: to unlock what one does not hold, or to lock twice, ends the process") {
  CHECK(aborts([] { Lock().unlock(); }) == 1000 + SIGABRT);
  CHECK(aborts([] {
          Lock lock;
          lock.lock();
          lock.lock();
        }) == 1000 + SIGABRT);
}
