#include "process/backoff.h"

#include <doctest/doctest.h>

using oklo::Backoff;

TEST_CASE("process/backoff: three early deaths are free, then the wait doubles up to 30 s") {
  Backoff backoff;
  for (uint32_t wait_ms : {0, 0, 0, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000})
    CHECK(backoff.on_death(10) == wait_ms);
  for (int i = 0; i < 100; i++) CHECK(backoff.on_death(999) == 30'000);
}

TEST_CASE("process/backoff: a second of life makes up for all") {
  Backoff backoff;
  for (int i = 0; i < 6; i++) backoff.on_death(0);
  CHECK(backoff.on_death(1000) == 0);
  for (uint32_t wait_ms : {0, 0, 0, 100}) CHECK(backoff.on_death(0) == wait_ms);
}
