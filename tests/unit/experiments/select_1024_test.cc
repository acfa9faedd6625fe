#include "outcome_of.h"

TEST_CASE("experiments/select_1024: select serves those below 1,024, poll all") {
  oklo::experiments::Outcome outcome = outcome_of("select-1024");
  if (outcome.findings.empty()) return;
  CHECK(outcome.findings[0].figures[0] > 0);
  CHECK(outcome.findings[0].figures[0] < 24);
  CHECK(outcome.findings[0].figures[1] == 100);
  CHECK(outcome.findings[1].figures == std::vector<double>{76, 0});
}
