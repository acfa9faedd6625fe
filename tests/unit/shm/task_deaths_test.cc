#include <doctest/doctest.h>

#include <optional>

#include "shm/task_table.h"
#include "stepped_child.h"
#include "task_fixture.h"

TEST_CASE("shm/task_deaths: whoever asks may die at each step") {
  TaskTable table = make_table();
  uint64_t before = 0;
  auto body = [&] { table.submit(*table.hold(kAsker), kAsker, kFails, "question"); };
  auto check = [&] {
    table.end_life(kAsker);
    uint64_t accepted = table.counts().accepted;
    CHECK(accepted - before <= 1);
    CHECK(table.counts().queued == accepted - before);
    answer_all(table);
    CHECK(ended(table, TaskEnd::done) == accepted);
    CHECK(free_records(table) == 3);
    before = accepted;
  };
  for (Step step : {Step::store, Step::instruction}) after_each_death(step, body, check);
}

TEST_CASE("shm/task_deaths: whoever asks may die at each step while the service stops") {
  TaskTable table = make_table();
  table.stop();
  auto body = [&] { table.submit(*table.hold(kAsker), kAsker, kRetries, "question"); };
  auto check = [&] {
    table.end_life(kAsker);
    CHECK(table.counts().lost() == 0);
    CHECK(ended(table) == table.counts().accepted);
    CHECK(ended(table, TaskEnd::stopped) == ended(table));
    CHECK(table.counts().retried == 0);
    CHECK(!table.take(kWorker));
    CHECK(free_records(table) == 3);
  };
  for (Step step : {Step::store, Step::instruction}) after_each_death(step, body, check);
}

TEST_CASE("shm/task_deaths: a task worker may die at each step") {
  for (uint32_t kind : {kFails, kRetries}) {
    TaskTable table = make_table();
    std::optional<TaskRef> ref;
    auto body = [&] { (void)table.decide(*table.take(kWorker), kWorker, TaskEnd::done, "answer"); };
    auto check = [&] {
      if (ref) {
        table.end_life(kWorker);
        if (!table.result_of(*ref)) CHECK(answer_all(table) == 1);
        REQUIRE(table.result_of(*ref));
        if (table.result_of(*ref)->end == TaskEnd::done) CHECK(result_of(table, *ref) == "answer");
        else CHECK((table.result_of(*ref)->end == TaskEnd::died && kind == kFails));
        table.release(*ref, kAsker);
        CHECK(ended(table) == table.counts().accepted);
        CHECK(free_records(table) == 3);
      }
      ref = ask(table, "question", kind);
    };
    after_each_death(Step::store, body, check);
    if (kind == kRetries) after_each_death(Step::instruction, body, check);
  }
}

// As one process that is both.
TEST_CASE("shm/task_deaths: the whole way, with a death at each step") {
  TaskTable table = make_table();
  auto body = [&] {
    table.begin_serving(kWorker);
    TaskRef ref = *table.hold(kAsker);
    table.submit(ref, kAsker, kRetries, "question");
    (void)table.decide(*table.take(kWorker), kWorker, TaskEnd::done, "answer");
    table.want_room(kOther);
    table.release(ref, kAsker);
    (void)table.may_sleep(kWorker);
  };
  auto check = [&] {
    table.end_life(kAsker);
    table.end_life(kWorker);
    CHECK(table.counts().lost() == 0);
    CHECK(table.counts().running == 0);
    answer_all(table);
    CHECK(ended(table, TaskEnd::done) == table.counts().accepted);
    CHECK(free_records(table) == 3);
    table.end_life(kOther);
  };
  after_each_death(Step::store, body, check);
}
