#include "cli/bench_json.h"

#include <doctest/doctest.h>

using namespace oklo;
using bench::Fault;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("cli/bench_json: what came of a load") {
  bench::Outcome outcome;
  outcome.answers = 1'234'567;
  outcome.seconds = 10;
  for (uint64_t i = 1; i <= 1000; i++) outcome.latency_us.add_ns(i * 1000);
  outcome.faults[static_cast<size_t>(Fault::no_port)] = 2;
  outcome.tally = {{"a\"b", 7}, {"c", 1}};
  outcome.busy = 0.5;
  std::string json = cli::bench_json(outcome);
  CHECK(json.starts_with("{\"answers\":1234567,\"seconds\":10.000,\"answers_per_second\":123456.7,"));
  CHECK(has(json, "\"busy\":0.500,\"wanted\":0.000,\"lower_bound\":false,"));
  CHECK(has(json, "\"latency_us\":{\"count\":1000,\"mean\":5"));
  CHECK(has(json, "\"max\":1000.0},\"errors\":2,\"error_kinds\":{\"refused\":0,"));
  CHECK(has(json, "\"no_port\":2,"));
  CHECK(json.ends_with("\"tally\":{\"a\\\"b\":7,\"c\":1}}\n"));
}

TEST_CASE("cli/bench_json: nothing at all") {
  std::string json = cli::bench_json({});
  CHECK(has(json, "\"latency_us\":{\"count\":0,\"mean\":0.0,\"p50\":0.0,"));
  CHECK(json.ends_with("\"tally\":{}}\n"));
}
