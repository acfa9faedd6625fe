#include "process/task_judge.h"

#include <doctest/doctest.h>

#include <string>

using oklo::overdue_task;
using oklo::RunningTask;
using oklo::TaskEnd;
using oklo::TaskRef;
using oklo::TaskTable;

namespace {

constexpr uint32_t kAsker = 0, kWorker = 1;
constexpr uint32_t kTimed = 0, kEndless = 1;

// A task worker in the middle of a task that began at 1000 ms.
struct Running {
  explicit Running(uint32_t kind) {
    asked = table.hold(kAsker).value();
    CHECK(table.submit(asked, kAsker, kind, "x") != 0);
    TaskRef taken = table.take(kWorker).value();
    row.task.set({1000, kind, taken.record, taken.generation, 1});
  }

  TaskTable table =
      TaskTable::create({1, 100, 2, {{"timed", true, 3, 50}, {"endless", true, 3, 0}}}).value();
  oklo::LifeRow row = {};
  TaskRef asked;
};

}  // namespace

TEST_CASE("process/task_judge: a task may take its time and no more, and is not run again then") {
  Running one(kTimed);
  CHECK(overdue_task(one.row, one.table, 1049).empty());
  CHECK(overdue_task(one.row, one.table, 1050) == "its task timed took longer than 50 ms");
  one.table.end_life(kWorker);
  CHECK(one.table.result_of(one.asked)->end == TaskEnd::timed_out);
}

TEST_CASE("process/task_judge: without a limit, and without a task, nothing is overdue") {
  Running one(kEndless);
  CHECK(overdue_task(one.row, one.table, UINT64_MAX).empty());
  one.row.task.set({});
  CHECK(overdue_task(one.row, one.table, UINT64_MAX).empty());
}

TEST_CASE("process/task_judge: one that has answered in time and does not end has not failed") {
  Running one(kTimed);
  CHECK(one.table.decide(one.asked, kWorker, TaskEnd::done, "answer"));
  CHECK_FALSE(overdue_task(one.row, one.table, 1050).empty());
  one.table.end_life(kWorker);
  CHECK(one.table.result_of(one.asked)->end == TaskEnd::done);
}
