#include "cli/job_table.h"

#include <doctest/doctest.h>

#include <vector>

using namespace oklo::cli;

namespace {

void set_state(JobTable& table, int64_t id, JobState state) {
  CHECK(table.change(id, [state](Job& job) { job.state = state; }));
}

}  // namespace

TEST_CASE("cli/job_table: a job is what was told of it last") {
  JobTable table;
  REQUIRE(table.error().empty());
  CHECK(table.all().empty());
  Job job = table.add(JobFate::crash_once, 7).value();
  CHECK(job.state == JobState::asked);
  std::optional<Job> now = table.change(job.id, [](Job& of) {
    of.state = JobState::failed;
    of.attempt = 2;
    of.task_worker = 1;
    of.percent = 50;
    of.looked_at = uint64_t{1} << 40;
    of.best = 27;
    of.steps = 111;
    of.told_ms = 5;
    of.why = std::string(100, 'w');
  });
  REQUIRE(now);
  CHECK(now->is_over());
  std::vector<Job> all = table.all();
  REQUIRE(all.size() == 1);
  const Job& found = all[0];
  CHECK(found.id == job.id);
  CHECK(found.fate == JobFate::crash_once);
  CHECK(found.seconds == 7);
  CHECK(found.attempt == 2);
  CHECK(found.task_worker == 1);
  CHECK(found.percent == 50);
  CHECK(found.looked_at == uint64_t{1} << 40);
  CHECK(found.best == 27);
  CHECK(found.steps == 111);
  CHECK(found.told_ms == 5);
  CHECK(found.change > job.change);
  CHECK(found.why == std::string(JobTable::kWhyBytesMax, 'w'));
}

TEST_CASE("cli/job_table: what is forgotten is not changed any more, and ids are not given again") {
  JobTable table;
  int64_t first = table.add(JobFate::well, 1)->id;
  table.forget(first);
  bool called = false;
  CHECK(!table.change(first, [&called](Job&) { called = true; }));
  CHECK_FALSE(called);
  CHECK(table.all().empty());
  CHECK(table.add(JobFate::well, 1)->id > first);
}

TEST_CASE("cli/job_table: the oldest that is over gives place, and what is under way does not") {
  JobTable table;
  std::vector<int64_t> ids;
  for (uint32_t i = 0; i < JobTable::kJobsMax; i++) {
    ids.push_back(table.add(JobFate::well, 1)->id);
    set_state(table, ids.back(), JobState::runs);
  }
  CHECK(!table.add(JobFate::well, 1));
  set_state(table, ids[5], JobState::done);
  set_state(table, ids[3], JobState::failed);
  for (int64_t gone : {ids[3], ids[5]}) {
    int64_t id = table.add(JobFate::well, 1).value().id;
    set_state(table, id, JobState::waits);
    CHECK(!table.change(gone, [](Job&) {}));
  }
  CHECK(!table.add(JobFate::well, 1));
  CHECK(table.all().size() == JobTable::kJobsMax);
  CHECK(table.all().back().id > table.all().front().id);
}

TEST_CASE("cli/job_table: one whose asker died before it was accepted gives place, too") {
  JobTable table;
  for (uint32_t i = 0; i < 2 * JobTable::kJobsMax; i++) CHECK(table.add(JobFate::well, 1));
}
