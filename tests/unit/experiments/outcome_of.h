#pragma once

#include <doctest/doctest.h>

#include <sys/wait.h>

#include <string>
#include <string_view>

#include "experiments/experiment.h"
#include "sys/file.h"

// Whether this process has no children, neither living nor dead ones.
inline bool is_childless() {
  siginfo_t info = {};
  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0;
}

// Runs the experiment of that name. It leaves nothing behind, has a figure for each of its columns, and gives
// a reason where it has measured nothing.
inline oklo::experiments::Outcome outcome_of(std::string_view name) {
  for (const oklo::experiments::Experiment& experiment : oklo::experiments::catalogue()) {
    if (experiment.name != name) continue;
    const size_t fds = oklo::sys::open_fds().size();
    const bool childless = is_childless();
    oklo::Result<oklo::experiments::Outcome> outcome = experiment.run();
    REQUIRE_MESSAGE(outcome.ok(), (outcome ? std::string() : outcome.error().text));
    CHECK(oklo::sys::open_fds().size() == fds);
    CHECK(is_childless() == childless);
    for (const auto& finding : outcome->findings) {
      CHECK(finding.figures.size() == outcome->columns.size());
      CHECK(!finding.name.empty());
    }
    CHECK(outcome->findings.empty() == outcome->verdict.empty());
    if (outcome->findings.empty()) CHECK(!outcome->not_taken.empty());
    for (const std::string& reason : outcome->not_taken) MESSAGE(std::string(name) << ": " << reason);
    return *outcome;
  }
  FAIL("there is no such experiment: " << std::string(name));
  return {};
}
