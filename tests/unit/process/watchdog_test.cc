#include "process/watchdog.h"

#include <doctest/doctest.h>

using oklo::judge;
using oklo::Verdict;
using oklo::Watched;

TEST_CASE("process/watchdog: one that waits in the kernel, or has just begun, is well") {
  Watched watched;
  CHECK(judge(watched, 0, 1'000'000, 100) == Verdict::well);
  CHECK(judge(watched, 900, 999, 100) == Verdict::well);
}

TEST_CASE("process/watchdog: a turn that takes too long is told once, and then that it goes on") {
  Watched watched;
  CHECK(judge(watched, 900, 1000, 100) == Verdict::stuck);
  CHECK(judge(watched, 900, 1250, 100) == Verdict::still_stuck);
  CHECK(judge(watched, 900, 1500, 100) == Verdict::still_stuck);
  CHECK(judge(watched, 0, 1600, 100) == Verdict::well);
  CHECK(judge(watched, 1650, 1700, 100) == Verdict::well);
  CHECK(judge(watched, 1650, 1750, 100) == Verdict::stuck);
}

TEST_CASE("process/watchdog: the time in which a worker was stopped does not count") {
  Watched watched;
  watched.from_ms = 5000;
  CHECK(judge(watched, 900, 5050, 100) == Verdict::well);
  CHECK(judge(watched, 900, 5100, 100) == Verdict::stuck);
}

TEST_CASE("process/watchdog: the master's clock may be behind that of the worker") {
  Watched watched;
  CHECK(judge(watched, 1005, 1000, 100) == Verdict::well);
}
