#include "base/result.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <signal.h>

#include <memory>

#include "child.h"

namespace {

oklo::Result<std::unique_ptr<int>> number_or_error(bool good) {
  if (!good) return oklo::Error{ENOENT, "nothing there"};
  return std::make_unique<int>(7);
}

oklo::Result<void> done_or_error(bool good) {
  if (!good) return oklo::Error{0, "no"};
  return {};
}

}  // namespace

TEST_CASE("base/result: holds a value, also one that can only be moved") {
  auto result = number_or_error(true);
  REQUIRE(result.ok());
  CHECK(static_cast<bool>(result));
  CHECK(**result == 7);
  CHECK(*result->get() == 7);
  std::unique_ptr<int> taken = std::move(result).value();
  CHECK(*taken == 7);
}

TEST_CASE("base/result: holds an error") {
  auto result = number_or_error(false);
  REQUIRE(!result.ok());
  CHECK(result.error().number == ENOENT);
  CHECK(std::move(result).error().text == "nothing there");
}

TEST_CASE("base/result: of void") {
  CHECK(done_or_error(true).ok());
  auto failed = done_or_error(false);
  REQUIRE(!failed);
  CHECK(failed.error().text == "no");
}

TEST_CASE("base/result: asking for what is not there ends the process") {
  auto dies = [](auto body) {
    return in_child([&] {
      close(STDERR_FILENO);
      signal(SIGABRT, SIG_DFL);
      body();
      return 0;
    });
  };
  CHECK(dies([] { (void)number_or_error(false).value(); }) == 1000 + SIGABRT);
  CHECK(dies([] { (void)number_or_error(true).error(); }) == 1000 + SIGABRT);
  CHECK(dies([] { (void)done_or_error(true).error(); }) == 1000 + SIGABRT);
}

TEST_CASE("base/result: system_error describes the number") {
  oklo::Error error = oklo::system_error(EADDRINUSE, "cannot listen on :80");
  CHECK(error.number == EADDRINUSE);
  CHECK(error.text == "cannot listen on :80: Address already in use");
  CHECK(oklo::system_error(99999, "odd").text == "odd: error 99999");
}
