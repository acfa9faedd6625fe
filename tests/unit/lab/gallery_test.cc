#include "lab/gallery.h"

#include <doctest/doctest.h>

#include <set>

#include "lab/lab.h"

namespace lab = oklo::lab;

TEST_CASE("lab/gallery: all models and oklo itself, each name once, also among the experiments") {
  std::set<std::string_view> names;
  for (const auto& model : lab::gallery()) {
    CHECK(names.insert(model.name).second);
    CHECK(lab::find_model(model.name) == &model);
    CHECK(!model.line.empty());
  }
  for (const auto& experiment : oklo::experiments::catalogue()) {
    CHECK(names.insert(experiment.name).second);
    CHECK(lab::find_experiment(experiment.name) == &experiment);
  }
  CHECK(lab::gallery().size() == oklo::models::catalogue().size() + 2);
  CHECK(lab::gallery().back().name == "process");
  CHECK(lab::find_model("nothing") == nullptr);
  CHECK(lab::find_experiment("nothing") == nullptr);
}
