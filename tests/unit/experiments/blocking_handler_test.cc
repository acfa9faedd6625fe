#include "emulated.h"
#include "outcome_of.h"

TEST_CASE("experiments/blocking_handler: nobody is answered while a handler waits") {
  if (emulated_mips()) return;
  oklo::experiments::Outcome outcome = outcome_of("blocking-handler");
  REQUIRE(outcome.findings.size() == 2);
  CHECK(outcome.findings[0].figures == std::vector<double>{0, 20});
}
