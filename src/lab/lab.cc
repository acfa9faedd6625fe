#include "lab/lab.h"

#include <algorithm>
#include <string>

#include "base/number.h"
#include "lab/amounts.h"
#include "lab/chamber.h"
#include "lab/family.h"
#include "lab/load_run.h"
#include "lab/machine.h"
#include "lab/median_load.h"
#include "lab/parcel.h"
#include "lab/probes.h"
#include "lab/report_text.h"
#include "lab/staged_model.h"
#include "sys/process.h"
#include "sys/time.h"

namespace oklo::lab {

namespace {

constexpr uint64_t kExperimentMs = 60'000;
constexpr unsigned kProbes = 3;

// Tells how far it is.
class Pace {
 public:
  Pace(const Order& order, const Function<void(const Step&)>& progress)
      : of_(static_cast<unsigned>(order.models.size() * (order.connections.size() * order.rounds + kProbes) +
                                  order.experiments.size())),
        progress_(progress) {}

  void next(std::string_view name, std::string what) {
    if (progress_) progress_(Step{++number_, of_, name, std::move(what)});
  }

 private:
  unsigned number_ = 0;
  unsigned of_;
  const Function<void(const Step&)>& progress_;
};

// [model][load][round], as far as it comes. A round is one time through all, so that what disturbs the
// machine for a while does not fall on one model.
using Tries = std::vector<std::vector<std::vector<LoadFigures>>>;

Tries measure_loads(Interrupts& interrupts, const Order& order, Pace& pace) {
  Tries tries(order.models.size(), std::vector<std::vector<LoadFigures>>(order.connections.size()));
  for (unsigned round = 0; round < order.rounds; round++)
    for (size_t m = 0; m < order.models.size(); m++)
      for (size_t c = 0; c < order.connections.size() && !interrupts.happened(); c++) {
        pace.next(order.models[m]->name, connections_text(order.connections[c]));
        Load load{order.connections[c]};
        tries[m][c].push_back(measure_load(interrupts, *order.models[m], load, order.seconds));
      }
  return tries;
}

ModelFigures measure(Interrupts& interrupts, const models::Model& model,
                     const std::vector<std::vector<LoadFigures>>& tries, Pace& pace) {
  ModelFigures figures;
  figures.name = model.name;
  figures.line = model.line;
  for (const std::vector<LoadFigures>& of_load : tries)
    if (!of_load.empty()) figures.loads.push_back(median_load(of_load));
  pace.next(model.name, "memory of a connection");
  figures.memory_bytes = measure_memory(interrupts, model);
  pace.next(model.name, "wake-ups");
  figures.wakeups = measure_wakeups(interrupts, model);
  pace.next(model.name, "system calls");
  figures.calls = count_calls(interrupts, model);
  return figures;
}

// ---------------------------------------------------------------- experiments

// In the chamber.
void play_experiment(const experiments::Experiment& experiment, int fd) {
  Result<experiments::Outcome> outcome = experiment.run();
  ParcelWriter parcel;
  parcel.text(outcome ? "" : outcome.error().text);
  if (outcome) {
    parcel.text(outcome->verdict).number(outcome->columns.size());
    for (const std::string& column : outcome->columns) parcel.text(column);
    parcel.number(outcome->findings.size());
    for (const experiments::Finding& finding : outcome->findings) {
      parcel.text(finding.name).number(finding.figures.size());
      for (double figure : finding.figures) parcel.real(figure);
    }
    parcel.number(outcome->not_taken.size());
    for (const std::string& reason : outcome->not_taken) parcel.text(reason);
  }
  tell(fd, parcel.sealed());
}

void read_outcome(std::string_view parcel, ExperimentFigures& figures) {
  ParcelReader reader(parcel);
  if (std::string error = reader.text(); !error.empty()) return figures.not_taken.push_back(error);
  figures.verdict = reader.text();
  for (uint64_t left = reader.number(); left > 0 && reader.whole(); left--)
    figures.columns.push_back(reader.text());
  for (uint64_t rows = reader.number(); rows > 0 && reader.whole(); rows--) {
    ExperimentFigures::Row row = {reader.text(), {}};
    for (uint64_t left = reader.number(); left > 0 && reader.whole(); left--)
      row.figures.push_back(reader.real());
    figures.rows.push_back(std::move(row));
  }
  for (uint64_t left = reader.number(); left > 0 && reader.whole(); left--)
    figures.not_taken.push_back(reader.text());
  if (!reader.whole()) figures.not_taken.push_back("it did not tell all");
}

ExperimentFigures make(Interrupts& interrupts, const experiments::Experiment& experiment) {
  ExperimentFigures figures = {std::string(experiment.name), std::string(experiment.line),
                               std::string(experiment.mend)};
  Play play;
  play.title = "oklo lab: " + std::string(experiment.name);
  play.play = [&experiment](int fd) { play_experiment(experiment, fd); };
  Result<Chamber> chamber = Chamber::open(interrupts, play);
  Result<std::string> parcel = chamber ? chamber->hear(sys::monotonic_ms() + kExperimentMs)
                                       : Result<std::string>(chamber.error());
  if (parcel) read_outcome(*parcel, figures);
  else figures.not_taken.push_back(parcel.error().text);
  return figures;
}

}  // namespace

Report run(Interrupts& interrupts, const Order& order, const Function<void(const Step&)>& progress) {
  Pace pace(order, progress);
  Report report;
  report.machine = this_machine();
  report.seconds = order.seconds;
  report.rounds = order.rounds;
  report.workers = StagedModel::kWorkers;
  sys::become_subreaper();
  Tries tries = measure_loads(interrupts, order, pace);
  for (size_t m = 0; m < order.models.size(); m++)
    if (!tries[m].empty() && !tries[m][0].empty())
      report.models.push_back(measure(interrupts, *order.models[m], tries[m], pace));
  for (const experiments::Experiment* experiment : order.experiments) {
    if (interrupts.happened()) break;
    pace.next(experiment->name, "experiment");
    report.experiments.push_back(make(interrupts, *experiment));
  }
  end_descendants();
  report.interrupted = interrupts.happened();
  return report;
}

const experiments::Experiment* find_experiment(std::string_view name) {
  for (const experiments::Experiment& experiment : experiments::catalogue())
    if (experiment.name == name) return &experiment;
  return nullptr;
}

}  // namespace oklo::lab
