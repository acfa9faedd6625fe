#include "bench/report.h"

#include <doctest/doctest.h>

using namespace oklo::bench;

namespace {

Outcome some() {
  Outcome outcome;
  outcome.answers = 1234567;
  outcome.bytes = 180'300'000;
  outcome.seconds = 10;
  outcome.connects = 65;
  outcome.served = 64;
  for (uint64_t i = 1; i <= 1000; i++) outcome.latency_us.add_ns(i * 1000);
  return outcome;
}

bool has(const std::string& text, std::string_view line) { return text.find(line) != text.npos; }

}  // namespace

TEST_CASE("bench/report: for people") {
  std::string text = report_text(some());
  CHECK(has(text, "answers     1,234,567 in 10.0 s, 123,457 a second\n"));
  CHECK(has(text, "received    180 MB, 18.0 MB a second\n"));
  CHECK(has(text, "max 1.00 ms\n"));
  CHECK(has(text, "connections 65 made, 64 of the plan's were served\n"));
  CHECK(has(text, "errors      none\n"));
  CHECK(!has(text, "note"));
  CHECK(!has(text, "unanswered"));
}

TEST_CASE("bench/report: each kind of error by its name, and what else is to be told") {
  Outcome outcome = some();
  for (size_t i = 0; i < kFaults; i++) outcome.faults[i] = i + 1;
  outcome.other_length = 3;
  outcome.idle_lost = 4;
  outcome.slow_answers = 5;
  outcome.tally = {{"", 7}, {"3", 8}};
  outcome.busy = 0.55;
  outcome.wanted = 0.95;
  std::string text = report_text(outcome);
  for (size_t i = 0; i < kFaults; i++)
    CHECK(has(text, "  " + std::to_string(i + 1) + " " + std::string(kFaultNames[i].words) + "\n"));
  CHECK(has(text, "3 answers had another length than the first one\n"));
  CHECK(has(text, "4 idle connections were closed\n"));
  CHECK(has(text, "5 answers to slow connections"));
  CHECK(has(text, "tally       7 connections: none\n            8 connections: 3\n"));
  CHECK(has(text, "a processor for 55 % of its time, and wanted one for 95 %: these figures are a lower"));
}

TEST_CASE("bench/report: no more than twenty values of a field") {
  Outcome outcome = some();
  for (int i = 0; i < 25; i++) outcome.tally.emplace_back("v" + std::to_string(i), 1);
  std::string text = report_text(outcome);
  CHECK(has(text, "connections: v19\n"));
  CHECK(!has(text, "v20"));
  CHECK(has(text, "and 5 other values\n"));
}

TEST_CASE("bench/report: requests of an open loop that waited at the end") {
  Outcome outcome = some();
  outcome.unanswered = 12;
  CHECK(!has(report_text(outcome), "unanswered"));
  outcome.answers = 988;
  CHECK(has(report_text(outcome), "unanswered  12 requests that were due waited at the end"));
}

TEST_CASE("bench/report: nothing at all") {
  std::string text = report_text({});
  CHECK(has(text, "answers     0 in 0.0 s, 0 a second\n"));
  CHECK(!has(text, "latency"));
}

TEST_CASE("bench/report: progress") {
  CHECK(progress_text({2, 3000, 0}, {1, 1000, 0}) == "2 s: 3,000 answers, 2,000 a second");
  CHECK(progress_text({1, 10, 1234}, {}) == "1 s: 10 answers, 10 a second, 1,234 errors");
}
