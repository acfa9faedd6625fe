#include "outcome_of.h"

TEST_CASE("experiments/thundering_herd: a shared listener wakes them all, one that is not shared one") {
  oklo::experiments::Outcome outcome = outcome_of("thundering-herd");
  if (outcome.findings.empty()) return;
  const std::vector<double>& woken = outcome.findings[0].figures;
  CHECK(woken[0] > 6);
  CHECK(woken[1] < 2);
  CHECK(woken[2] < 2);
}
