#pragma once

#include <doctest/doctest.h>

#include "shm/task_table.h"

// A table of three tasks: one has failed, one runs, one waits.
inline oklo::TaskTable three_tasks(const char* kind = "a") {
  oklo::TaskTable tasks = oklo::TaskTable::create({4, 100, 8, {{kind, true, 2}}}).value();
  for (int i = 0; i < 3; i++) CHECK(tasks.submit(*tasks.hold(0), 0, 0, "x") != 0);
  CHECK(tasks.decide(*tasks.take(2), 2, oklo::TaskEnd::failed, ""));
  CHECK(tasks.take(1));
  return tasks;
}
