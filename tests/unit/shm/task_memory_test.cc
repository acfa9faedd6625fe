// What the bytes of tasks take, and that all of it comes back.
#include <doctest/doctest.h>

#include <sys/stat.h>

#include <string>
#include <vector>

#include "shm/task_table.h"
#include "stepped_child.h"

using oklo::TaskEnd;
using oklo::TaskRef;
using oklo::TaskTable;

namespace {

constexpr uint32_t kAsker = 0, kWorker = 1;
constexpr uint32_t kFails = 0, kRetries = 1;
constexpr uint32_t kBytesMax = 1 << 20;

// Of one record, so that nothing hides in another.
TaskTable make_table() {
  return TaskTable::create({1, kBytesMax, 3, {{"fails", false, 1}, {"retries", true, 3}}}).value();
}

const std::string kLarge(kBytesMax, 'l');

uint64_t taken_bytes(const TaskTable& table) {
  std::vector<int> fds;
  table.add_fds(fds);
  struct stat info;
  REQUIRE(fstat(fds[0], &info) == 0);
  return static_cast<uint64_t>(info.st_blocks) * 512;
}

// What a record that is free may keep: the beginnings of its two areas.
bool is_given_back(const TaskTable& table) { return taken_bytes(table) <= 2 * TaskTable::kKeptBytes; }

TaskRef ask(TaskTable& table, uint32_t kind = kFails) {
  TaskRef ref = table.hold(kAsker).value();
  REQUIRE(table.submit(ref, kAsker, kind, kLarge) != 0);
  return ref;
}

}  // namespace

TEST_CASE("shm/task_memory: the question and the result are given back when the task is over") {
  TaskTable table = make_table();
  for (bool large_result : {false, true}) {
    TaskRef ref = ask(table);
    CHECK(taken_bytes(table) >= kBytesMax);
    CHECK(table.decide(*table.take(kWorker), kWorker, TaskEnd::done, large_result ? kLarge : ""));
    CHECK(taken_bytes(table) >= kBytesMax * (large_result ? 2u : 1u));
    table.release(ref, kAsker);
    CHECK(is_given_back(table));
  }
}

TEST_CASE("shm/task_memory: a question is given back however its task ends") {
  TaskTable table = make_table();
  TaskRef ref = ask(table);
  REQUIRE(table.take(kWorker));
  table.end_life(kWorker);
  CHECK(table.result_of(ref)->end == TaskEnd::died);
  table.release(ref, kAsker);
  CHECK(is_given_back(table));
  ask(table);
  TaskRef running = *table.take(kWorker);
  table.end_life(kAsker);
  CHECK(table.decide(running, kWorker, TaskEnd::failed, kLarge));
  CHECK(is_given_back(table));
  ref = ask(table);
  table.stop();
  CHECK(table.result_of(ref)->end == TaskEnd::stopped);
  table.release(ref, kAsker);
  CHECK(is_given_back(table));
}

TEST_CASE("shm/task_memory: a death at any step of asking keeps nothing") {
  TaskTable table = make_table();
  auto body = [&] { table.submit(*table.hold(kAsker), kAsker, kFails, kLarge); };
  auto check = [&] {
    table.end_life(kAsker);
    if (std::optional<TaskRef> ref = table.take(kWorker))
      CHECK(table.decide(*ref, kWorker, TaskEnd::done, ""));
    CHECK(is_given_back(table));
  };
  after_each_death(Step::store, body, check);
}

TEST_CASE("shm/task_memory: a death at any step of answering keeps nothing") {
  for (uint32_t kind : {kFails, kRetries}) {
    TaskTable table = make_table();
    std::optional<TaskRef> ref;
    auto body = [&] {
      (void)table.decide(*table.take(kWorker), kWorker, TaskEnd::done, kLarge);
      table.release(*ref, kWorker);
    };
    auto check = [&] {
      table.end_life(kWorker);
      if (std::optional<TaskRef> again = table.take(kWorker))
        CHECK(table.decide(*again, kWorker, TaskEnd::done, ""));
      if (ref) table.release(*ref, kAsker);
      CHECK(is_given_back(table));
      ref = ask(table, kind);
    };
    after_each_death(Step::store, body, check);
  }
}
