#include <doctest/doctest.h>

#include <set>
#include <string>

#include "experiments/experiment.h"

TEST_CASE("experiments/catalogue: each has a name of its own and a line that says what goes wrong") {
  std::set<std::string_view> names;
  for (const auto& experiment : oklo::experiments::catalogue()) {
    CAPTURE(std::string(experiment.name));
    CHECK(names.insert(experiment.name).second);
    CHECK(experiment.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos);
    CHECK(!experiment.line.empty());
    CHECK(experiment.line.size() <= 100);
  }
  CHECK(names.size() == 12);
}
