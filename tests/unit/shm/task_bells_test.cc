// That whoever waits at a TaskTable is woken, whoever dies over it, at whatever step.
#include <doctest/doctest.h>

#include <poll.h>

#include <optional>

#include "shm/task_table.h"
#include "stepped_child.h"

using oklo::TaskEnd;
using oklo::TaskRef;
using oklo::TaskTable;

namespace {

constexpr uint32_t kAsker = 0, kWorker = 1, kOther = 2;

TaskTable make_table(uint32_t records) {
  return TaskTable::create({records, 100, 3, {{"fails", false, 1}}}).value();
}

bool rings(TaskTable& table, uint32_t life) {
  pollfd bell = {table.bell(life).fd(), POLLIN, 0};
  bool rung = poll(&bell, 1, 0) == 1;
  table.bell(life).clear();
  return rung;
}

TaskRef ask(TaskTable& table) {
  TaskRef ref = table.hold(kAsker).value();
  REQUIRE(table.submit(ref, kAsker, 0, "x") != 0);
  return ref;
}

}  // namespace

TEST_CASE("shm/task_bells: a task worker hears of a task whose asker died at any step of asking") {
  TaskTable table = make_table(2);
  auto body = [&] { table.submit(*table.hold(kAsker), kAsker, 0, "x"); };
  auto check = [&] {
    table.end_life(kAsker);
    bool rung = rings(table, kWorker);
    if (std::optional<TaskRef> ref = table.take(kWorker)) {
      CHECK(rung);
      CHECK(table.decide(*ref, kWorker, TaskEnd::done, ""));
    }
    table.begin_serving(kWorker);
    CHECK(table.may_sleep(kWorker));
  };
  for (Step step : {Step::store, Step::instruction}) after_each_death(step, body, check);
}

TEST_CASE("shm/task_bells: an asker hears of a result whose task worker died at any step of answering") {
  TaskTable table = make_table(2);
  std::optional<TaskRef> ref;
  auto body = [&] { (void)table.decide(*table.take(kWorker), kWorker, TaskEnd::done, "answer"); };
  auto check = [&] {
    table.end_life(kWorker);
    bool rung = rings(table, kAsker);
    if (ref && !table.take(kOther)) {
      CHECK(table.result_of(*ref));
      CHECK(rung);
    }
    table.end_life(kOther);
    if (ref) table.release(*ref, kAsker);
    rings(table, kAsker);
    ref = ask(table);
  };
  for (Step step : {Step::store, Step::instruction}) after_each_death(step, body, check);
}

TEST_CASE("shm/task_bells: who waits for room hears of it, whoever dies at any step of making it") {
  TaskTable table = make_table(1);
  std::optional<TaskRef> ref;
  auto body = [&] {
    (void)table.decide(*table.take(kWorker), kWorker, TaskEnd::done, "");
    table.release(*ref, kAsker);
  };
  auto check = [&] {
    if (ref) {
      table.end_life(kAsker);
      table.end_life(kWorker);
      if (std::optional<TaskRef> left = table.take(kWorker))
        CHECK(table.decide(*left, kWorker, TaskEnd::done, ""));
      CHECK(table.has_room());
      CHECK(rings(table, kOther));
    }
    ref = ask(table);
    table.want_room(kOther);
    CHECK_FALSE(rings(table, kOther));
  };
  for (Step step : {Step::store, Step::instruction}) after_each_death(step, body, check);
}
