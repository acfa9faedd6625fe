#pragma once

#include <string_view>
#include <vector>

#include "experiments/experiment.h"
#include "lab/figures.h"
#include "lab/interrupts.h"
#include "models/model.h"

#include <oklo/function.h>

namespace oklo::lab {

// What is to be measured.
struct Order {
  std::vector<const models::Model*> models = {};
  std::vector<const experiments::Experiment*> experiments = {};
  std::vector<unsigned> connections = {1, 10, 100, 1000, 10'000};
  double seconds = 1;   // of each load
  unsigned rounds = 1;  // through all loads of all models; of each load the median counts
};

// How far it is, for a person.
struct Step {
  unsigned number = 0;  // from 1 on
  unsigned of = 0;
  std::string_view name;  // of the model or experiment
  std::string what;       // "100 connections"
};

// Measures one after another: everything runs in processes of its own, which are gone when this returns. What
// can't be taken is told in the report, with the reason; after an interrupt that is all the rest.
Report run(Interrupts& interrupts, const Order& order, const Function<void(const Step&)>& progress);

// The experiment of that name, or nullptr.
const experiments::Experiment* find_experiment(std::string_view name);

}  // namespace oklo::lab
