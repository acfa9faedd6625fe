#include <doctest/doctest.h>

#include <set>

#include "models/model.h"

using oklo::models::Model;

TEST_CASE("models/catalogue: every model has a name of its own, a line, something to try and to run") {
  std::set<std::string_view> names;
  for (const Model& model : oklo::models::catalogue()) {
    CAPTURE(model.name);
    CHECK(names.insert(model.name).second);
    CHECK(!model.line.empty());
    CHECK(model.line.size() < 80);
    CHECK(model.try_this.find("8080") != std::string_view::npos);
    CHECK((model.run != nullptr));
  }
}
