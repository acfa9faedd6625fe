#include "models/threads.h"

#include <doctest/doctest.h>

#include <atomic>

using namespace oklo;

TEST_CASE("models/threads: each has its number, and all are waited for") {
  std::atomic<unsigned> seen = 0;
  {
    Function<void(unsigned)> work = [&seen](unsigned number) { seen += 1u << number; };
    auto threads = models::start_threads(5, work);
    REQUIRE(threads.ok());
    CHECK(threads->size() == 5);
  }
  CHECK(seen == 31);
}
