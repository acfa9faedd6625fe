#include "lab/report_text.h"

#include <algorithm>

#include "base/number.h"
#include "lab/amounts.h"
#include "lab/machine.h"
#include "lab/text_table.h"

namespace oklo::lab {

namespace {

constexpr size_t kWidth = 100;
constexpr uint64_t kSharesMin = 8;    // of all workers together
constexpr size_t kWorkersShown = 8;

std::string served_text(const LoadFigures& figures) {
  return grouped(figures.served) + " of " + grouped(figures.load.busy());
}

std::vector<std::string> row_of(const std::string& name, const LoadFigures& f) {
  bool answered = f.answers > 0;
  auto time = [&](double us) { return answered ? time_text(us) : "–"; };
  auto each = [&](double value) { return answered ? short_number(value) : "–"; };
  return {name, grouped(static_cast<uint64_t>(f.rate() + 0.5)), time(f.p50_us), time(f.p99_us),
          time(f.max_us), served_text(f), time(f.processor_us), each(f.voluntary + f.involuntary)};
}

const LoadFigures* load_of(const ModelFigures& model, unsigned connections) {
  for (const LoadFigures& figures : model.loads)
    if (figures.load.connections == connections) return &figures;
  return nullptr;
}

std::string load_table(const Report& report, const Load& load) {
  std::string text = connections_text(load.connections) + ": " + describe(load) + "\n\n";
  TextTable table;
  table.add({"model", "answers/s", "50 %", "99 %", "most", "served", "processor", "switches"});
  std::string errors;
  for (const ModelFigures& model : report.models) {
    const LoadFigures* figures = load_of(model, load.connections);
    if (!figures) continue;
    if (!figures->missing.empty()) table.add(model.name, "not taken: " + figures->missing);
    else table.add(row_of(model.name, *figures));
    if (!figures->errors.empty())
      errors += wrap(model.name + ": " + figures->errors, kWidth, "  ");
  }
  text += table.text();
  return errors.empty() ? text + "\n" : text + "\nerrors\n" + errors + "\n";
}

std::string once_table(const Report& report) {
  TextTable table;
  table.add({"model", "system calls", "wake-ups", "memory of a", "first answers of"});
  table.add({"", "a request", "an accept", "connection", "each worker"});
  std::string missing;
  for (const ModelFigures& model : report.models) {
    const LoadFigures* spread = spread_of(model);
    table.add({model.name, cell_of(model.calls, short_number), cell_of(model.wakeups, short_number),
               cell_of(model.memory_bytes, bytes_text), spread ? spread_text(spread->shares) : "–"});
    auto tell = [&](const char* what, const Figure& figure) {
      if (!figure.taken()) missing += wrap(model.name + ", " + what + ": " + figure.missing, kWidth, "  ");
    };
    tell("system calls", model.calls);
    tell("wake-ups", model.wakeups);
    tell("memory", model.memory_bytes);
  }
  return table.text() + (missing.empty() ? "" : "\nnot taken\n" + missing) + "\n";
}

std::string experiment_text(const ExperimentFigures& experiment) {
  std::string text = experiment.name + "\n" + wrap(experiment.line, kWidth, "  ");
  if (!experiment.mend.empty()) text += wrap("mend: " + experiment.mend, kWidth, "  ");
  TextTable table;
  std::vector<std::string> head = {""};
  head.insert(head.end(), experiment.columns.begin(), experiment.columns.end());
  table.add(head);
  for (const ExperimentFigures::Row& row : experiment.rows) {
    std::vector<std::string> cells = {"    " + row.name};
    for (double figure : row.figures) cells.push_back(plain_text(figure));
    table.add(cells);
  }
  if (!experiment.rows.empty()) text += "\n" + table.text() + "\n";
  text += wrap(experiment.verdict, kWidth, "  ");
  for (const std::string& reason : experiment.not_taken) text += wrap("not taken: " + reason, kWidth, "  ");
  return text + "\n";
}

}  // namespace

std::string connections_text(unsigned connections) {
  return grouped(connections) + (connections == 1 ? " connection" : " connections");
}

std::string describe(const Load& load) {
  std::string text = grouped(load.busy()) + " busy";
  if (load.slow()) text += ", " + grouped(load.slow()) + " slow";
  if (load.idle()) text += ", " + grouped(load.idle()) + " idle";
  return text;
}

const LoadFigures* spread_of(const ModelFigures& model) {
  const LoadFigures* best = nullptr;
  for (const LoadFigures& figures : model.loads) {
    uint64_t all = 0;
    for (const auto& share : figures.shares) all += share.second;
    if (all >= kSharesMin && (!best || figures.load.connections > best->load.connections)) best = &figures;
  }
  return best;
}

std::string unserved_text(const ModelFigures& model) {
  const LoadFigures* largest = nullptr;
  for (const LoadFigures& figures : model.loads)
    if (figures.missing.empty() && (!largest || figures.load.connections > largest->load.connections))
      largest = &figures;
  return !largest || largest->all_served() ? "" : served_text(*largest) + " served";
}

std::string spread_text(const Shares& shares) {
  if (shares.size() == 1) return "all by one";
  uint64_t all = 0;
  for (const auto& share : shares) all += share.second;
  if (shares.size() > kWorkersShown || all == 0) return "one for each";
  std::string text;
  for (const auto& share : shares)
    text += fixed(100 * static_cast<double>(share.second) / static_cast<double>(all), 0) + " ";
  return text + "%";
}

std::string report_text(const Report& report) {
  std::string text;
  std::vector<unsigned> loads;
  for (const ModelFigures& model : report.models)
    for (const LoadFigures& figures : model.loads)
      if (std::find(loads.begin(), loads.end(), figures.load.connections) == loads.end())
        loads.push_back(figures.load.connections);
  for (unsigned connections : loads) text += load_table(report, Load{connections});
  if (!report.models.empty()) text += once_table(report);
  for (const ExperimentFigures& experiment : report.experiments) text += experiment_text(experiment);
  if (report.interrupted) text += "Interrupted: what is missing was not taken.\n";
  return text + describe(report.machine) + "\n";
}

}  // namespace oklo::lab
