#include "outcome_of.h"

TEST_CASE("experiments/ways_to_talk: each way has its figures, and only plain signals are lost") {
  oklo::experiments::Outcome outcome = outcome_of("ways-to-talk");
  CHECK(outcome.findings.size() + outcome.not_taken.size() == 8);
  for (const auto& finding : outcome.findings) {
    CAPTURE(finding.name);
    CHECK(finding.figures[0] > 0);
    CHECK(finding.figures[1] > 0);
    if (finding.name != "signal") CHECK(finding.figures[2] == 0);
  }
}
