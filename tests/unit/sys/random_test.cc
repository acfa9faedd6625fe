#include "sys/random.h"

#include <doctest/doctest.h>

TEST_CASE("sys/random: keys are not zero and seldom the same") {
  auto first = oklo::sys::random_key();
  CHECK(first[0] != 0);
  CHECK(first[1] != 0);
  // The clock of some machines is coarse.
  bool differs = false;
  for (int i = 0; i < 1'000'000 && !differs; i++) differs = oklo::sys::random_key() != first;
  CHECK(differs);
}
