#pragma once

#include <doctest/doctest.h>

#include <poll.h>

#include <string>

#include "shm/task_table.h"

using oklo::TaskEnd;
using oklo::TaskRef;
using oklo::TaskTable;

constexpr uint32_t kAsker = 0, kWorker = 1, kOther = 2, kSpare = 3;
constexpr uint32_t kFails = 0, kRetries = 1;

inline oklo::TaskTable make_table(uint32_t records = 3, uint32_t bytes_max = 1 << 20) {
  return TaskTable::create({records, bytes_max, 4, {{"fails", false, 1}, {"retries", true, 3}}}).value();
}

inline TaskRef ask(TaskTable& table, std::string_view bytes, uint32_t kind = kFails, uint32_t life = kAsker) {
  TaskRef ref = table.hold(life).value();
  REQUIRE(table.submit(ref, life, kind, bytes) != 0);
  return ref;
}

inline std::string bytes_of(const TaskTable& table, TaskRef ref) {
  std::string bytes;
  REQUIRE(table.read_bytes(ref, bytes));
  return bytes;
}

inline std::string result_of(const TaskTable& table, TaskRef ref) {
  std::string bytes;
  REQUIRE(table.read_result(ref, bytes));
  return bytes;
}

inline uint64_t ended(const TaskTable& table, TaskEnd end) {
  return table.counts().ended[static_cast<size_t>(end)];
}

inline uint64_t ended(const TaskTable& table) {
  uint64_t sum = 0;
  for (uint64_t one : table.counts().ended) sum += one;
  return sum;
}

inline bool rings(TaskTable& table, uint32_t life) {
  pollfd bell = {table.bell(life).fd(), POLLIN, 0};
  bool rung = poll(&bell, 1, 0) == 1;
  table.bell(life).clear();
  return rung;
}

inline uint32_t free_records(TaskTable& table) {
  uint32_t count = 0;
  while (table.hold(kSpare)) count++;
  table.end_life(kSpare);
  return count;
}

// Runs what is queued as a worker does.
inline uint32_t run_all(TaskTable& table, std::string_view result, uint32_t life = kWorker) {
  uint32_t count = 0;
  for (; std::optional<TaskRef> ref = table.take(life); count++)
    REQUIRE(table.decide(*ref, life, TaskEnd::done, result));
  return count;
}

// The same, of tasks that were asked with "question", whatever happened to them before.
inline uint32_t answer_all(TaskTable& table) {
  uint32_t count = 0;
  for (; std::optional<TaskRef> ref = table.take(kOther); count++) {
    CHECK(bytes_of(table, *ref) == "question");
    REQUIRE(table.decide(*ref, kOther, TaskEnd::done, "answer"));
  }
  return count;
}
