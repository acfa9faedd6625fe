#include "shm/task_table.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "task_fixture.h"

TEST_CASE("shm/task_table: a task goes its way, and its record is free again") {
  TaskTable table = make_table();
  TaskRef ref = ask(table, "question");
  CHECK(table.counts().accepted == 1);
  CHECK(table.counts().queued == 1);
  CHECK(!table.result_of(ref));
  std::optional<TaskRef> taken = table.take(kWorker);
  REQUIRE(taken);
  CHECK(taken->record == ref.record);
  CHECK(table.counts().running == 1);
  CHECK(table.info(*taken).kind == kFails);
  CHECK(bytes_of(table, *taken) == "question");
  CHECK(table.info(*taken).attempt == 1);
  CHECK(!table.result_of(ref));
  CHECK(table.decide(*taken, kWorker, TaskEnd::failed, "why"));
  REQUIRE(table.result_of(ref));
  CHECK(table.result_of(ref)->end == TaskEnd::failed);
  CHECK(result_of(table, ref) == "why");
  CHECK(free_records(table) == 2);
  table.release(ref, kAsker);
  CHECK(!table.result_of(ref));
  CHECK(free_records(table) == 3);
  CHECK(ended(table, TaskEnd::failed) == 1);
  CHECK(table.counts().lost() == 0);
}

TEST_CASE("shm/task_table: what a manager had in its hands is free again when it is gone") {
  TaskTable table = make_table();
  REQUIRE(table.hold(table.lives()));
  CHECK(free_records(table) == 2);
  table.end_life(table.lives());
  CHECK(free_records(table) == 3);
  CHECK(table.counts().lost() == 0);
}

TEST_CASE("shm/task_table: tasks are taken in the order in which they were asked for") {
  TaskTable table = make_table(8);
  for (int i = 0; i < 5; i++) ask(table, "x");
  CHECK(run_all(table, "") == 5);
  table.end_life(kAsker);
  for (int i = 0; i < 8; i++) ask(table, std::to_string(i));
  for (int i = 0; i < 8; i++) CHECK(bytes_of(table, *table.take(kWorker)) == std::to_string(i));
  CHECK(!table.take(kWorker));
}

// More than are seen at one look.
TEST_CASE("shm/task_table: many are taken in order, by two who look at different times") {
  constexpr int kMany = 1000;
  TaskTable table = make_table(kMany, 100);
  for (int turn = 0; turn < 3; turn++) {
    for (int i = 0; i < kMany; i++) ask(table, std::to_string(i));
    for (int i = 0; i < kMany; i++) {
      TaskRef ref = *table.take(i % 3 ? kWorker : kOther);
      CHECK(bytes_of(table, ref) == std::to_string(i));
      REQUIRE(table.decide(ref, i % 3 ? kWorker : kOther, TaskEnd::done, ""));
      table.release(ref, kAsker);
      if (i == 500) ask(table, std::to_string(kMany));
    }
    TaskRef last = *table.take(kWorker);
    CHECK(bytes_of(table, last) == std::to_string(kMany));
    REQUIRE(table.decide(last, kWorker, TaskEnd::done, ""));
    table.release(last, kAsker);
    CHECK(!table.take(kWorker));
  }
}

TEST_CASE("shm/task_table: what is run again goes before what was asked for later") {
  TaskTable table = make_table(4);
  TaskRef first = ask(table, "1", kRetries);
  ask(table, "2");
  ask(table, "3");
  REQUIRE(table.take(kWorker));
  CHECK(bytes_of(table, *table.take(kOther)) == "2");
  table.end_life(kWorker);
  TaskRef again = *table.take(kOther);
  CHECK(again.record == first.record);
  CHECK(table.info(again).attempt == 2);
  CHECK(bytes_of(table, *table.take(kOther)) == "3");
}

TEST_CASE("shm/task_table: empty and largest bytes, both ways, again and again") {
  for (uint32_t bytes_max : {0u, 1u, 4096u, 70000u, 1u << 20}) {
    TaskTable table = make_table(2, bytes_max);
    for (int i = 0; i < 3; i++) {
      std::string large(bytes_max, static_cast<char>('a' + i));
      TaskRef first = ask(table, large), second = ask(table, "");
      TaskRef taken = *table.take(kWorker);
      CHECK(bytes_of(table, taken) == large);
      CHECK(table.decide(taken, kWorker, TaskEnd::done, large));
      taken = *table.take(kWorker);
      CHECK(bytes_of(table, taken).empty());
      CHECK(table.decide(taken, kWorker, TaskEnd::done, ""));
      CHECK(result_of(table, first) == large);
      CHECK(result_of(table, second).empty());
      table.release(first, kAsker);
      table.release(second, kAsker);
    }
  }
}

TEST_CASE("shm/task_table: an old name is no name of the next use") {
  TaskTable table = make_table(1);
  TaskRef old = ask(table, "1");
  run_all(table, "one");
  table.release(old, kAsker);
  TaskRef now = ask(table, "2");
  run_all(table, "two");
  CHECK(!table.result_of(old));
  table.release(old, kAsker);
  REQUIRE(table.result_of(now));
  CHECK(result_of(table, now) == "two");
}

// ---------------------------------------------------------------- bells

TEST_CASE("shm/task_table: one that sleeps is woken for each task") {
  TaskTable table = make_table();
  for (uint32_t life : {kWorker, kOther}) {
    table.begin_serving(life);
    CHECK(table.may_sleep(life));
  }
  ask(table, "1");
  CHECK(rings(table, kWorker) + rings(table, kOther) == 1);
  ask(table, "2");
  ask(table, "3");
  CHECK(rings(table, kWorker) + rings(table, kOther) == 1);
  CHECK_FALSE(table.may_sleep(kWorker));
  CHECK_FALSE(rings(table, kAsker));
  TaskRef ref = *table.take(kWorker);
  CHECK(table.decide(ref, kWorker, TaskEnd::done, ""));
  CHECK(rings(table, kAsker));
}

TEST_CASE("shm/task_table: who leaves passes its ring on") {
  TaskTable table = make_table();
  table.begin_serving(kWorker);
  CHECK(table.may_sleep(kWorker));
  ask(table, "1");
  table.begin_serving(kOther);
  table.end_serving(kWorker);
  CHECK_FALSE(table.may_sleep(kOther));
  run_all(table, "", kOther);
  CHECK(table.may_sleep(kOther));
  table.begin_serving(kWorker);
  CHECK(table.may_sleep(kWorker));
  ask(table, "2");
  uint32_t rung = rings(table, kWorker) ? kWorker : kOther;
  table.end_serving(rung);
  CHECK(rings(table, rung == kWorker ? kOther : kWorker));
}

TEST_CASE("shm/task_table: a full table says when there is room") {
  TaskTable table = make_table(1);
  TaskRef ref = ask(table, "1");
  CHECK(!table.hold(kOther));
  CHECK_FALSE(table.has_room());
  table.want_room(kOther);
  CHECK_FALSE(rings(table, kOther));
  run_all(table, "");
  CHECK_FALSE(rings(table, kOther));
  table.release(ref, kAsker);
  CHECK(table.has_room());
  CHECK(rings(table, kOther));
  table.want_room(kOther);  // There is room already.
  CHECK(rings(table, kOther));
}

// The worker may be stopped, or be slow, between the end of a task and the bell.
TEST_CASE("shm/task_table: a result that nobody told is told by the master") {
  TaskTable table = make_table();
  TaskRef ref = ask(table, "1");
  run_all(table, "one");
  rings(table, kAsker);
  table.wake();
  CHECK(rings(table, kAsker));
  table.release(ref, kAsker);
  table.wake();
  CHECK_FALSE(rings(table, kAsker));
}

// ---------------------------------------------------------------- ends of lives

TEST_CASE("shm/task_table: the task of a dead worker fails or is run again, as declared") {
  TaskTable table = make_table();
  TaskRef fails = ask(table, "1", kFails), retries = ask(table, "2", kRetries);
  REQUIRE(table.take(kWorker));
  REQUIRE(table.take(kOther));
  CHECK(table.end_life(kWorker).died == 1);
  CHECK(table.result_of(fails)->end == TaskEnd::died);
  CHECK(rings(table, kAsker));
  for (uint32_t attempt = 2; attempt <= 3; attempt++) {
    CHECK(table.end_life(kOther).retried == 1);
    CHECK(!table.result_of(retries));
    TaskRef again = *table.take(kOther);
    CHECK(bytes_of(table, again) == "2");
    CHECK(table.info(again).attempt == attempt);
  }
  CHECK(table.end_life(kOther).died == 1);
  CHECK(table.result_of(retries)->end == TaskEnd::died);
  CHECK(table.counts().retried == 2);
  CHECK(table.counts().lost() == 0);
}

TEST_CASE("shm/task_table: one that takes too long is not run again, and the next is nothing of that") {
  TaskTable table = make_table(1);
  TaskRef ref = ask(table, "1", kRetries);
  REQUIRE(table.take(kWorker));
  table.time_out({ref.record, ref.generation - 1});
  CHECK(table.end_life(kWorker).retried == 1);
  REQUIRE(table.take(kWorker));
  table.time_out(ref);
  TaskTable::Judged judged = table.end_life(kWorker);
  CHECK(judged.retried + judged.died == 0);
  CHECK(table.result_of(ref)->end == TaskEnd::timed_out);
  table.release(ref, kAsker);
  TaskRef old = std::exchange(ref, ask(table, "2", kFails));
  REQUIRE(table.take(kWorker));
  table.time_out(old);
  CHECK(table.end_life(kWorker).died == 1);
  CHECK(table.result_of(ref)->end == TaskEnd::died);
  CHECK(table.counts().lost() == 0);
}

TEST_CASE("shm/task_table: tasks outlive who asked, and leave nothing") {
  TaskTable table = make_table(4);
  TaskRef ended_before = ask(table, "1");
  run_all(table, "");
  CHECK(table.result_of(ended_before));
  ask(table, "2");
  TaskRef running = *table.take(kWorker);
  ask(table, "3");
  REQUIRE(table.hold(kAsker));
  CHECK(free_records(table) == 0);
  table.end_life(kAsker);
  CHECK(free_records(table) == 2);
  CHECK(table.decide(running, kWorker, TaskEnd::done, "of no use"));
  CHECK(run_all(table, "neither") == 1);
  CHECK(free_records(table) == 4);
  CHECK(ended(table, TaskEnd::done) == 3);
  CHECK(table.counts().lost() == 0);
}

TEST_CASE("shm/task_table: a stop drops what has not begun, and takes no more") {
  TaskTable table = make_table();
  TaskRef runs = ask(table, "1", kRetries), waits = ask(table, "2");
  TaskRef running = *table.take(kWorker);
  CHECK(table.stop() == 1);
  CHECK(table.stop() == 0);
  CHECK(table.stopping());
  CHECK(table.result_of(waits)->end == TaskEnd::stopped);
  TaskRef late = ask(table, "3");
  CHECK(table.result_of(late)->end == TaskEnd::stopped);
  CHECK(running.record == runs.record);
  table.end_life(kWorker);
  CHECK(table.result_of(runs)->end == TaskEnd::stopped);
  CHECK(ended(table, TaskEnd::stopped) == 3);
  CHECK(table.counts().lost() == 0);
}

TEST_CASE("shm/task_table: who is killed at a stop has its task dropped, which is no retry") {
  TaskTable table = make_table(1);
  TaskRef ref = ask(table, "1", kRetries);
  REQUIRE(table.take(kWorker));
  table.stop();
  TaskTable::Judged judged = table.end_life(kWorker);
  CHECK(judged.retried + judged.died == 0);
  CHECK(table.counts().retried == 0);
  CHECK(table.result_of(ref)->end == TaskEnd::stopped);
}

TEST_CASE("shm/task_table: an end from as many uses ago as generations have is none of this task") {
  TaskTable table = make_table(1);
  TaskRef old = ask(table, "old");
  run_all(table, "old result");
  table.release(old, kAsker);
  for (int i = 0; i < 65535; i++) {
    REQUIRE(table.hold(kSpare));
    table.end_life(kSpare);
  }
  TaskRef ref = ask(table, "new");
  CHECK(ref.generation == old.generation);
  REQUIRE(table.take(kWorker));
  CHECK(table.end_life(kWorker).died == 1);
  CHECK(table.result_of(ref)->end == TaskEnd::died);
  CHECK(table.counts().lost() == 0);
}
