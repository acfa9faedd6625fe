#include "sys/futex.h"

#include <doctest/doctest.h>

#include <atomic>

#include "child.h"
#include "sys/memory.h"

namespace sys = oklo::sys;

namespace {

struct Word {
  sys::Memory memory = sys::Memory::allocate_shared(4096).value();
  std::atomic<uint32_t>& operator*() const {
    return *reinterpret_cast<std::atomic<uint32_t>*>(memory.data());
  }
};

}  // namespace

TEST_CASE("sys/futex: nobody sleeps on another value, nor longer than the time") {
  Word word;
  *word = 5;
  sys::futex_wait(*word, 6, UINT64_MAX);
  sys::futex_wait(*word, 5, 0);
  sys::futex_wait(*word, 5, 1000);
  sys::futex_wake(*word);
  CHECK(*word == 5);
}

TEST_CASE("sys/futex: processes hand each other the turn") {
  Word word;
  constexpr uint32_t kTurns = 2000;
  // Even numbers are the parent's turns, odd ones the child's.
  auto play = [&](uint32_t mine) {
    for (uint32_t now = (*word).load(); now < kTurns; now = (*word).load()) {
      if (now % 2 == mine) {
        (*word)++;
        sys::futex_wake(*word);
      } else {
        sys::futex_wait(*word, now, UINT64_MAX);
      }
    }
  };
  pid_t child = fork();
  if (child == 0) {
    play(1);
    _exit(0);
  }
  play(0);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(*word == kTurns);
}

TEST_CASE("sys/futex: wakes all who sleep") {
  Word word;
  pid_t children[5];
  for (pid_t& child : children) {
    child = fork();
    if (child != 0) continue;
    while ((*word).load() == 0) sys::futex_wait(*word, 0, UINT64_MAX);
    _exit(0);
  }
  *word = 1;
  sys::futex_wake(*word);
  for (pid_t child : children) {
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
}
