#include "cli/lab_json.h"

#include "base/json.h"
#include "base/number.h"

namespace oklo::cli {

namespace {

using namespace lab;

constexpr unsigned kDecimals = 3;

std::string real(double value) { return fixed(value, kDecimals); }

std::string figure(const Figure& value) {
  if (!value.taken()) return JsonObject().text("not_taken", value.missing).end();
  return JsonObject().json("value", real(value.value)).end();
}

std::string of_load(const LoadFigures& figures) {
  JsonObject json;
  json.number("connections", figures.load.connections).number("busy", figures.load.busy());
  json.number("slow", figures.load.slow()).number("idle", figures.load.idle());
  if (!figures.missing.empty()) return json.text("not_taken", figures.missing).end();
  json.number("served", figures.served).truth("slow_served", figures.slow_served);
  json.number("idle_lost", figures.idle_lost).number("answers", figures.answers);
  json.json("seconds", real(figures.seconds)).json("rate", real(figures.rate()));
  json.json("p50_us", real(figures.p50_us)).json("p99_us", real(figures.p99_us));
  json.json("max_us", real(figures.max_us)).json("processor_us", real(figures.processor_us));
  json.json("voluntary_switches", real(figures.voluntary));
  json.json("involuntary_switches", real(figures.involuntary));
  json.json("generator_busy", real(figures.generator_busy)).text("errors", figures.errors);
  std::vector<std::string> workers;
  for (const auto& [worker, count] : figures.shares)
    workers.push_back(JsonObject().text("worker", worker).number("connections", count).end());
  return json.json("workers", json_array(workers)).end();
}

std::string of_model(const ModelFigures& model) {
  std::vector<std::string> loads;
  for (const LoadFigures& figures : model.loads) loads.push_back(of_load(figures));
  JsonObject json;
  json.text("name", model.name).text("line", model.line).json("loads", json_array(loads));
  json.json("system_calls_per_request", figure(model.calls));
  json.json("wakeups_per_accept", figure(model.wakeups));
  return json.json("memory_per_connection", figure(model.memory_bytes)).end();
}

std::string of_experiment(const ExperimentFigures& experiment) {
  std::vector<std::string> columns, rows, reasons;
  for (const std::string& column : experiment.columns) columns.push_back(json_text(column));
  for (const ExperimentFigures::Row& row : experiment.rows) {
    std::vector<std::string> figures;
    for (double value : row.figures) figures.push_back(real(value));
    rows.push_back(JsonObject().text("name", row.name).json("figures", json_array(figures)).end());
  }
  for (const std::string& reason : experiment.not_taken) reasons.push_back(json_text(reason));
  JsonObject json;
  json.text("name", experiment.name).text("line", experiment.line).text("mend", experiment.mend);
  json.json("columns", json_array(columns)).json("rows", json_array(rows));
  return json.text("verdict", experiment.verdict).json("not_taken", json_array(reasons)).end();
}

}  // namespace

std::string lab_json(const Report& report) {
  const Machine& machine = report.machine;
  JsonObject where;
  where.text("processor", machine.processor).number("processors", machine.processors);
  where.number("memory_mib", machine.memory_mib).text("kernel", machine.kernel).text("date", machine.date);
  std::vector<std::string> models, experiments;
  for (const ModelFigures& model : report.models) models.push_back(of_model(model));
  for (const ExperimentFigures& one : report.experiments) experiments.push_back(of_experiment(one));
  JsonObject json;
  json.json("machine", where.end()).json("seconds", real(report.seconds)).number("rounds", report.rounds);
  json.number("workers", report.workers);
  json.truth("interrupted", report.interrupted).json("models", json_array(models));
  return json.json("experiments", json_array(experiments)).end() + "\n";
}

}  // namespace oklo::cli
