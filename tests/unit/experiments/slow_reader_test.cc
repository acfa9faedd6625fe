#include "outcome_of.h"

TEST_CASE("experiments/slow_reader: one write sends a part, a queue sends all") {
  oklo::experiments::Outcome outcome = outcome_of("slow-reader");
  REQUIRE(outcome.findings.size() == 2);
  CHECK(outcome.findings[0].figures == std::vector<double>{0, 4});
  CHECK(outcome.findings[1].figures[0] < 100);
}
