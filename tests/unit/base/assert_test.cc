#include "base/assert.h"

#include <doctest/doctest.h>

#include <signal.h>

#include <string>

#include "child.h"

TEST_CASE("base/assert: what holds costs nothing and evaluates once") {
  int count = 0;
  OKLO_ASSERT(++count == 1);
  CHECK(count == 1);
}

TEST_CASE("base/assert: what fails says place and condition on stderr and ends the process") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  int result = in_child([&] {
    signal(SIGABRT, SIG_DFL);
    dup2(ends[1], STDERR_FILENO);
    OKLO_ASSERT(1 + 1 == 3);
    return 0;
  });
  CHECK(result == 1000 + SIGABRT);
  close(ends[1]);
  char text[600] = {};
  CHECK(read(ends[0], text, sizeof text - 1) > 0);
  close(ends[0]);
  CHECK(std::string(text).find("assert_test.cc:") != std::string::npos);
  CHECK(std::string(text).find(": assertion failed: 1 + 1 == 3\n") != std::string::npos);
}

TEST_CASE("base/assert: a long condition is cut and not overrun") {
  std::string condition(2000, 'x');
  CHECK(in_child([&] {
          close(STDERR_FILENO);
          signal(SIGABRT, SIG_DFL);
          oklo::assertion_failed(condition.c_str(), "file", 1);
          return 0;
        }) == 1000 + SIGABRT);
}
