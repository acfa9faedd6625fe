#include "outcome_of.h"

TEST_CASE("experiments/lost_edge: one read leaves requests behind, reading until EAGAIN does not") {
  oklo::experiments::Outcome outcome = outcome_of("lost-edge");
  REQUIRE(outcome.findings.size() == 1);
  CHECK(outcome.findings[0].figures == std::vector<double>{24, 0, 0});
}
