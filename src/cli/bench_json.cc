#include "cli/bench_json.h"

#include "base/json.h"
#include "base/number.h"

namespace oklo::cli {

namespace {

using bench::Outcome;

std::string latency_json(const bench::LatencyHistogram& latency_us) {
  auto at = [&](double percent) { return fixed(latency_us.value_at(percent), 1); };
  JsonObject json;
  json.number("count", latency_us.count()).json("mean", fixed(latency_us.mean(), 1));
  json.json("p50", at(50)).json("p90", at(90)).json("p99", at(99)).json("p99_9", at(99.9));
  return json.json("max", fixed(latency_us.max(), 1)).end();
}

std::string errors_json(const Outcome& outcome) {
  JsonObject json;
  for (size_t i = 0; i < bench::kFaults; i++) json.number(bench::kFaultNames[i].key, outcome.faults[i]);
  return json.end();
}

std::string tally_json(const Outcome& outcome) {
  JsonObject json;
  for (const auto& [value, times] : outcome.tally) json.number(value, times);
  return json.end();
}

}  // namespace

std::string bench_json(const Outcome& outcome) {
  JsonObject json;
  json.number("answers", outcome.answers).json("seconds", fixed(outcome.seconds, 3));
  json.json("answers_per_second", fixed(outcome.rate(), 1)).number("received_bytes", outcome.bytes);
  json.number("connects", outcome.connects).number("served", outcome.served);
  json.number("unanswered", outcome.unanswered).number("other_length", outcome.other_length);
  json.number("idle_lost", outcome.idle_lost).number("slow_answers", outcome.slow_answers);
  json.json("busy", fixed(outcome.busy, 3)).json("wanted", fixed(outcome.wanted, 3));
  json.truth("lower_bound", outcome.is_lower_bound()).json("latency_us", latency_json(outcome.latency_us));
  json.number("errors", outcome.errors()).json("error_kinds", errors_json(outcome));
  return json.json("tally", tally_json(outcome)).end() + "\n";
}

}  // namespace oklo::cli
