#include "outcome_of.h"

TEST_CASE("experiments/emfile_spin: a loop that does nothing spins, one that pauses or refuses does not") {
  oklo::experiments::Outcome outcome = outcome_of("emfile-spin");
  REQUIRE(outcome.findings.size() == 3);
  const std::vector<double>& turns = outcome.findings[0].figures;
  CHECK(turns[0] > 10 * turns[1]);
  CHECK(turns[0] > 10 * turns[2]);
  CHECK(outcome.findings[2].figures == std::vector<double>{0, 0, 5});
}
