#include "outcome_of.h"

TEST_CASE("experiments/zombies: twenty children are one signal") {
  oklo::experiments::Outcome outcome = outcome_of("zombies");
  REQUIRE(outcome.findings.size() == 1);
  CHECK(outcome.findings[0].figures == std::vector<double>{20, 19, 0});
}
