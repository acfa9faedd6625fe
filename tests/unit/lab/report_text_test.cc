#include "lab/report_text.h"

#include <doctest/doctest.h>

#include "lab/amounts.h"
#include "lab/text_table.h"
#include "sample.h"

namespace lab = oklo::lab;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("lab/report_text: who does what in a load") {
  CHECK(lab::describe(lab::Load{1}) == "1 busy");
  CHECK(lab::describe(lab::Load{9}) == "1 busy, 8 idle");
  CHECK(lab::describe(lab::Load{10}) == "1 busy, 1 slow, 8 idle");
  CHECK(lab::describe(lab::Load{10'000}) == "1,000 busy, 1 slow, 8,999 idle");
  for (unsigned n : {1u, 2u, 9u, 10u, 11u, 99u, 20'000u}) {
    lab::Load load{n};
    CHECK(load.busy() + load.slow() + load.idle() == n);
    CHECK(load.busy() >= 1);
  }
}

TEST_CASE("lab/report_text: how connections fell on workers") {
  CHECK(lab::spread_text({{"0", 1}, {"1", 3}}) == "25 75 %");
  CHECK(lab::spread_text({{"0", 9}}) == "all by one");
  lab::Shares many;
  for (int i = 0; i < 20; i++) many.emplace_back("w", 1);
  CHECK(lab::spread_text(many) == "one for each");
  lab::Report report = sample_report();
  CHECK(lab::spread_of(report.models[0]) == nullptr);
  CHECK(lab::spread_of(report.models[1]) == &report.models[1].loads[2]);
}

TEST_CASE("lab/report_text: who was not served is told of the largest load that was taken") {
  lab::Report report = sample_report();
  CHECK(lab::unserved_text(report.models[0]) == "0 of 100 served");
  CHECK(lab::unserved_text(report.models[1]).empty());
}

TEST_CASE("lab/report_text: the report has all figures and all reasons, and fits a terminal") {
  const std::string text = lab::report_text(sample_report());
  for (std::string_view part :
       {"1 connection: 1 busy\n", "100 connections: 10 busy, 1 slow, 89 idle\n", "30,000  30 µs  1.5 ms",
        "1 of 10", "0 of 100", "not taken: a process may have only 256 files open here",
        "epoll: 3 connections reset", "blocking, memory: it holds 1 at a time", "300 B  ", "25 75 %",
        "woken, of 8", "mend: one wakes", "Wake <one>.", "not taken: no fifo here",
        "A <fine> processor, 4 processors, 8 GiB, Linux 6.1; 2026-11-22\n"})
    CHECK_MESSAGE(has(text, part), part);
  CHECK(!has(text, "Interrupted"));
  for (size_t at = 0; at < text.size();) {
    size_t end = text.find('\n', at);
    CHECK(lab::width_of(std::string_view(text).substr(at, end - at)) <= 110);
    at = end + 1;
  }
}

TEST_CASE("lab/report_text: one that was interrupted says so") {
  lab::Report report = sample_report();
  report.interrupted = true;
  CHECK(has(lab::report_text(report), "Interrupted: what is missing was not taken.\n"));
}
