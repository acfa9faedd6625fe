#include "outcome_of.h"

TEST_CASE("experiments/second_client_waits: nobody is answered beside the first, in a loop all are") {
  oklo::experiments::Outcome outcome = outcome_of("second-client-waits");
  REQUIRE(outcome.findings.size() == 1);
  CHECK(outcome.findings[0].figures == std::vector<double>{0, 8});
}
