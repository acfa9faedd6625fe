#include "outcome_of.h"

TEST_CASE("experiments/reused_fd: each late answer goes to the next client, with a generation none does") {
  oklo::experiments::Outcome outcome = outcome_of("reused-fd");
  REQUIRE(outcome.findings.size() == 1);
  CHECK(outcome.findings[0].figures == std::vector<double>{20, 0});
}
