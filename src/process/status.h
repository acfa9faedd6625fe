#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "process/application.h"
#include "shm/scoreboard.h"

// What is told of the state of the service, from shared memory and /proc alone, so that it can be told while
// every worker is stopped.
namespace oklo {

// One life, as it is shown.
struct LifeLine {
  Role role = Role::worker;
  uint32_t slot = 0;
  std::string_view process;  // its name
  int32_t pid = 0;
  std::string_view state;
  uint32_t generation = 0;
  uint64_t uptime_s = 0;
  uint64_t connections = 0;
  uint64_t workers = 0;  // that a thread of the gate has heard
  uint64_t requests = 0;
  uint64_t rate = 0;
  uint64_t memory_kib = 0;
  uint64_t waiting = 0;      // to be accepted by it, where it accepts
  uint64_t waiting_max = 0;
  uint64_t restarts = 0;
  uint64_t backoff_ms = 0;
  uint32_t task_worker = 0;  // its number among those
  uint64_t tasks_done = 0;
  uint64_t tasks_failed = 0;
  std::string_view running;  // the kind of its task; empty: it runs none
  uint64_t running_ms = 0;
  uint64_t attempt = 0;
};

// All lives of that role, and a line for each slot of it in which no process is that stays: it waits for its
// next one, unless the service stops, or for none.
std::vector<LifeLine> lines_of(const Scoreboard& scoreboard, Role role, const TaskTable* tasks = nullptr);

// What it does, as far as shared memory knows.
std::string_view state_of(const LifeRow& life);

// Of all lives, also of those that are gone.
uint64_t total(const Scoreboard& scoreboard, Counter LifeRow::*counter);
uint64_t total_closed(const Scoreboard& scoreboard, size_t reason);
LatencyHistogram total_latency(const Scoreboard& scoreboard);

// By the master, too.
uint64_t error_lines_dropped(const Scoreboard& scoreboard);

struct Total {
  std::string_view name;
  Counter LifeRow::*counter;
};

// What the threads of a gate count, in process mode.
inline constexpr Total kGateTotals[] = {
    {"dispatched_wrong", &LifeRow::dispatched_wrong}, {"packets_dropped", &LifeRow::packets_dropped},
    {"wires_broken", &LifeRow::wires_broken}, {"deliveries_lost", &LifeRow::deliveries_lost},
    {"deliveries_repeated", &LifeRow::deliveries_repeated},
};

uint64_t uptime_s(const Scoreboard& scoreboard);
std::vector<std::string_view> addresses(const Scoreboard& scoreboard);

// How the tasks of a service stand, in the order in which they are shown.
struct TaskNumber {
  std::string_view name;
  uint64_t value;
};
std::vector<TaskNumber> task_numbers(const TaskTable& tasks);

// Whether a worker is there that answers, and in process mode a gate, and they are not told to stop.
bool is_healthy(const Scoreboard& scoreboard);

}  // namespace oklo
