#include "process/status.h"

#include <algorithm>

#include "sys/process.h"
#include "sys/time.h"

namespace oklo {

namespace {

// Of a slot in which nothing runs.
LifeLine line_of(const SlotRow& slot, uint32_t index) {
  LifeLine line;
  line.role = slot.role;
  line.slot = index;
  line.process = slot.name;
  line.state = slot.over ? "over" : slot.backoff_ms ? "back-off" : "starting";
  line.waiting = slot.accept_queue;
  line.waiting_max = slot.accept_queue_max;
  line.restarts = slot.restarts;
  line.task_worker = slot.task_worker;
  line.backoff_ms = slot.backoff_ms;
  return line;
}

LifeLine line_of(const Scoreboard& scoreboard, const LifeRow& life) {
  LifeLine line = line_of(scoreboard.slot(life.slot), life.slot);
  bool accepts = life.state.load() != LifeState::draining;
  if (!accepts) line.waiting = line.waiting_max = 0;
  line.backoff_ms = 0;
  line.pid = life.pid;
  sys::ProcessInfo process = sys::process_info(life.pid);
  line.state = process.stopped ? "stopped" : state_of(life);
  line.generation = life.generation;
  line.uptime_s = (sys::monotonic_ms() - life.started_ms.value()) / 1000;
  line.connections = life.connections;
  line.workers = life.workers_heard.value();
  line.requests = life.requests.value();
  line.rate = process.stopped ? 0 : life.rate.load();  // who counts it may be stopped, too
  line.memory_kib = process.private_kib;
  line.tasks_done = life.tasks_done.value();
  line.tasks_failed = life.tasks_failed.value();
  return line;
}

void add_running(LifeLine& line, const RunningTask& task, const TaskTable& tasks) {
  if (task.since_ms == 0) return;
  line.running = tasks.kinds()[task.kind].name;
  line.running_ms = sys::monotonic_ms() - task.since_ms;
  line.attempt = task.attempt;
}

// Calls the function with the row of each life, and with the sums of those that are gone.
template <class F>
void each_row(const Scoreboard& scoreboard, F function) {
  function(scoreboard.gone(Keeper::workers));
  function(scoreboard.gone(Keeper::gate));
  function(scoreboard.before());
  for (uint32_t i = 0; i < scoreboard.size(); i++)
    if (scoreboard.life(i).state.load() != LifeState::none) function(scoreboard.life(i));
}

}  // namespace

std::string_view state_of(const LifeRow& life) {
  if (life.stopped) return "stopped";
  if (life.late) return life.full ? "full" : "late";
  switch (life.state.load()) {
    case LifeState::starting: return "starting";
    case LifeState::ready: return "ready";
    case LifeState::draining: return "draining";
    case LifeState::none: break;
  }
  return "gone";
}

std::vector<LifeLine> lines_of(const Scoreboard& scoreboard, Role role, const TaskTable* tasks) {
  std::vector<LifeLine> lines;
  std::vector<bool> filled(scoreboard.slots());
  for (uint32_t i = 0; i < scoreboard.size(); i++) {
    const LifeRow& life = scoreboard.life(i);
    LifeState state = life.state.load();
    if (state == LifeState::none || scoreboard.slot(life.slot).role != role) continue;
    if (state != LifeState::draining) filled[life.slot] = true;
    lines.push_back(line_of(scoreboard, life));
    if (tasks && role == Role::task_worker) add_running(lines.back(), life.task.value(), *tasks);
  }
  for (uint32_t i = 0; i < scoreboard.slots(); i++) {
    const SlotRow& slot = scoreboard.slot(i);
    bool coming = !filled[i] && !scoreboard.service().stopping;
    if (slot.role == role && (slot.over || coming)) lines.push_back(line_of(slot, i));
  }
  std::sort(lines.begin(), lines.end(), [](const LifeLine& a, const LifeLine& b) {
    return a.slot != b.slot ? a.slot < b.slot : a.generation < b.generation;
  });
  return lines;
}

uint64_t total(const Scoreboard& scoreboard, Counter LifeRow::*counter) {
  uint64_t sum = 0;
  each_row(scoreboard, [&](const LifeRow& row) { sum += (row.*counter).value(); });
  return sum;
}

uint64_t total_closed(const Scoreboard& scoreboard, size_t reason) {
  uint64_t sum = 0;
  each_row(scoreboard, [&](const LifeRow& row) { sum += row.closed[reason].value(); });
  return sum;
}

LatencyHistogram total_latency(const Scoreboard& scoreboard) {
  LatencyHistogram sum;
  each_row(scoreboard, [&](const LifeRow& row) { sum.merge(row.answer_us); });
  return sum;
}

uint64_t error_lines_dropped(const Scoreboard& scoreboard) {
  return total(scoreboard, &LifeRow::error_lines_dropped) +
         scoreboard.service().error_lines_dropped.value();
}

uint64_t uptime_s(const Scoreboard& scoreboard) {
  return (sys::monotonic_ms() - scoreboard.service().started_ms.value()) / 1000;
}

std::vector<std::string_view> addresses(const Scoreboard& scoreboard) {
  std::vector<std::string_view> list;
  for (const char* at = scoreboard.service().addresses; *at; at += list.back().size() + 1)
    list.emplace_back(at);
  return list;
}

std::vector<TaskNumber> task_numbers(const TaskTable& tasks) {
  TaskCounts counts = tasks.counts();
  auto ended = [&counts](TaskEnd end) { return counts.ended[static_cast<size_t>(end)]; };
  return {{"accepted", counts.accepted},          {"queued", counts.queued},
          {"running", counts.running},            {"done", ended(TaskEnd::done)},
          {"failed", ended(TaskEnd::failed)},     {"died", ended(TaskEnd::died)},
          {"stopped", ended(TaskEnd::stopped)},   {"timed_out", ended(TaskEnd::timed_out)},
          {"retried", counts.retried},
          {"lost", static_cast<uint64_t>(std::max<int64_t>(counts.lost(), 0))}};
}

bool is_healthy(const Scoreboard& scoreboard) {
  if (scoreboard.service().stopping) return false;
  bool works = false;
  bool listens = scoreboard.gate_lives() == 0;
  for (uint32_t i = 0; i < scoreboard.size(); i++) {
    const LifeRow& life = scoreboard.life(i);
    bool keeps_waiting = life.late && !life.full;
    if (life.state.load() != LifeState::ready || life.stopped || keeps_waiting) continue;
    Role role = scoreboard.slot(life.slot).role;
    works |= role == Role::worker;
    listens |= role == Role::gate_thread;
  }
  return works && listens;
}

}  // namespace oklo
