#include "outcome_of.h"

TEST_CASE("experiments/reuseport_reload: who waits at a listener is lost when it is closed") {
  oklo::experiments::Outcome outcome = outcome_of("reuseport-reload");
  REQUIRE(outcome.findings.size() == 1);
  const std::vector<double>& lost = outcome.findings[0].figures;
  if (outcome.not_taken.empty()) CHECK(lost[0] > 0);
  for (size_t i = 1; i < lost.size(); i++) CHECK(lost[i] == 0);
}
