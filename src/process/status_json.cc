#include "process/status_json.h"

#include "process/json_text.h"

namespace oklo {

namespace {

void add_task_json(std::string& out, const LifeLine& line) {
  add_member(out, "done", line.tasks_done);
  add_member(out, "failed", line.tasks_failed);
  out.append("\"running\":");
  if (line.running.empty()) out.append("null");
  else add_quoted(out, line.running);
  out.append(",");
  add_member(out, "running_ms", line.running_ms);
  add_member(out, "attempt", line.attempt);
}

// What a life is called, and its number among those.
void add_name_json(std::string& out, const LifeLine& line, uint32_t first_slot) {
  switch (line.role) {
    case Role::worker: return add_member(out, "worker", line.slot + 1);
    case Role::gate_thread: return add_member(out, "thread", line.slot - first_slot + 1);
    case Role::manager: return;
    case Role::task_worker:
      add_member(out, "task_worker", line.task_worker);
      return add_member(out, "number", line.slot + 1);
    case Role::process:
      out.append("\"process\":");
      add_quoted(out, line.process);
      out.append(",");
      return add_member(out, "number", line.slot + 1);
  }
}

void add_life_json(std::string& out, const LifeLine& line, uint32_t first_slot) {
  out.append("{");
  add_name_json(out, line, first_slot);
  add_member(out, "pid", static_cast<uint64_t>(line.pid));
  out.append("\"state\":\"").append(line.state).append("\",");
  add_member(out, "generation", line.generation);
  bool has_connections = line.role == Role::worker || line.role == Role::gate_thread;
  if (has_connections) {
    add_member(out, "connections", line.connections);
    add_member(out, "waiting", line.waiting);
    add_member(out, "waiting_max", line.waiting_max);
  }
  if (line.role == Role::gate_thread) add_member(out, "workers", line.workers);
  if (line.role == Role::worker) {
    add_member(out, "requests", line.requests);
    add_member(out, "rate", line.rate);
  } else {
    add_member(out, "uptime_s", line.uptime_s);
  }
  if (line.role == Role::task_worker) add_task_json(out, line);
  add_member(out, "memory_kib", line.memory_kib);
  add_member(out, "restarts", line.restarts);
  add_member(out, "backoff_ms", line.backoff_ms);
  out.back() = '}';
}

// The slots of one role stand together.
uint32_t first_slot_of(const Scoreboard& scoreboard, Role role) {
  uint32_t slot = 0;
  while (slot < scoreboard.slots() && scoreboard.slot(slot).role != role) slot++;
  return slot;
}

void add_lives_json(std::string& out, const Scoreboard& scoreboard, Role role,
                    const TaskTable* tasks = nullptr) {
  out.append("[");
  for (const LifeLine& line : lines_of(scoreboard, role, tasks)) {
    add_life_json(out, line, first_slot_of(scoreboard, role));
    out.append(",");
  }
  if (out.back() == ',') out.pop_back();
  out.append("]");
}

void add_tasks_json(std::string& out, const Scoreboard& scoreboard, const TaskTable& tasks) {
  out.append(",\"tasks\":{");
  for (const TaskNumber& number : task_numbers(tasks)) add_member(out, number.name, number.value);
  out.back() = '}';
  out.append(",\"task_workers\":");
  add_lives_json(out, scoreboard, Role::task_worker, &tasks);
}

// In process mode.
void add_gate_json(std::string& out, const Scoreboard& scoreboard) {
  out.append(",\"gate\":");
  add_lives_json(out, scoreboard, Role::gate_thread);
  out.append(",\"manager\":");
  add_lives_json(out, scoreboard, Role::manager);
}

void add_totals_json(std::string& out, const Scoreboard& scoreboard) {
  static constexpr Total kTotals[] = {
      {"accepted", &LifeRow::accepted}, {"requests", &LifeRow::requests}, {"bytes_in", &LifeRow::bytes_in},
      {"bytes_out", &LifeRow::bytes_out}, {"log_lines_dropped", &LifeRow::log_lines_dropped},
      {"accept_pauses", &LifeRow::accept_pauses}, {"messages_dropped", &LifeRow::messages_dropped},
      {"broadcasts_missed", &LifeRow::broadcasts_missed}, {"requests_limited", &LifeRow::requests_limited},
      {"packets_refused", &LifeRow::packets_refused}, {"addresses_unknown", &LifeRow::addresses_unknown},
  };
  for (const Total& one : kTotals) add_member(out, one.name, total(scoreboard, one.counter));
  add_member(out, "error_lines_dropped", error_lines_dropped(scoreboard));
  if (scoreboard.gate_lives())
    for (const Total& one : kGateTotals) add_member(out, one.name, total(scoreboard, one.counter));
  out.append("\"closed\":{");
  for (size_t i = 0; i < static_cast<size_t>(CloseReason::count); i++)
    add_member(out, close_reason_name(static_cast<CloseReason>(i)), total_closed(scoreboard, i));
  out.back() = '}';
  out.append(",");
}

}  // namespace

std::string status_json(const Scoreboard& scoreboard, std::string_view version, const TaskTable* tasks) {
  ServiceRow& service = scoreboard.service();
  std::string out = "{\"version\":\"" + std::string(version) + "\",";
  add_member(out, "pid", static_cast<uint64_t>(service.pid.load()));
  add_member(out, "uptime_s", uptime_s(scoreboard));
  add_member(out, "generation", service.generation);
  add_member(out, "reloads", service.reloads);
  add_member(out, "reloads_failed", service.reloads_failed);
  add_member(out, "generations_ended", service.generations_ended);
  out.append("\"addresses\":[");
  for (std::string_view address : addresses(scoreboard)) {
    add_quoted(out, address);
    out.push_back(',');
  }
  if (out.back() == ',') out.pop_back();
  out.append("],");
  add_totals_json(out, scoreboard);
  out.append("\"workers\":");
  add_lives_json(out, scoreboard, Role::worker);
  out.append(",\"processes\":");
  add_lives_json(out, scoreboard, Role::process);
  if (tasks) add_tasks_json(out, scoreboard, *tasks);
  if (scoreboard.gate_lives()) add_gate_json(out, scoreboard);
  return out + "}\n";
}

}  // namespace oklo
