#include "outcome_of.h"

TEST_CASE("experiments/exclusive_skew: one has nearly all, with listeners of their own each has some") {
  oklo::experiments::Outcome outcome = outcome_of("exclusive-skew");
  if (outcome.findings.empty()) return;
  CHECK(outcome.findings[0].figures[0] > 90);
  CHECK(outcome.findings[0].figures[1] < 60);
  CHECK(outcome.findings[1].figures[0] < 5);
  CHECK(outcome.findings[1].figures[1] > 5);
}
