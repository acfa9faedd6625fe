#include "process/status_json.h"

#include <vector>

#include "base/json.h"

namespace oklo {

namespace {

void add_task(JsonObject& json, const LifeLine& line) {
  json.number("done", line.tasks_done).number("failed", line.tasks_failed);
  json.json("running", line.running.empty() ? "null" : json_text(line.running));
  json.number("running_ms", line.running_ms).number("attempt", line.attempt);
}

// What a life is called, and its number among those.
void add_name(JsonObject& json, const LifeLine& line, uint32_t first_slot) {
  switch (line.role) {
    case Role::worker: json.number("worker", line.slot + 1); return;
    case Role::gate_thread: json.number("thread", line.slot - first_slot + 1); return;
    case Role::manager: return;
    case Role::task_worker:
      json.number("task_worker", line.task_worker).number("number", line.slot + 1);
      return;
    case Role::process: json.text("process", line.process).number("number", line.slot + 1); return;
  }
}

std::string life_json(const LifeLine& line, uint32_t first_slot) {
  JsonObject json;
  add_name(json, line, first_slot);
  json.number("pid", static_cast<uint64_t>(line.pid)).text("state", line.state);
  json.number("generation", line.generation);
  bool has_connections = line.role == Role::worker || line.role == Role::gate_thread;
  if (has_connections) {
    json.number("connections", line.connections).number("waiting", line.waiting);
    json.number("waiting_max", line.waiting_max);
  }
  if (line.role == Role::gate_thread) json.number("workers", line.workers);
  if (line.role == Role::worker) json.number("requests", line.requests).number("rate", line.rate);
  else json.number("uptime_s", line.uptime_s);
  if (line.role == Role::task_worker) add_task(json, line);
  json.number("memory_kib", line.memory_kib).number("restarts", line.restarts);
  return json.number("backoff_ms", line.backoff_ms).end();
}

// The slots of one role stand together.
uint32_t first_slot_of(const Scoreboard& scoreboard, Role role) {
  uint32_t slot = 0;
  while (slot < scoreboard.slots() && scoreboard.slot(slot).role != role) slot++;
  return slot;
}

std::string lives_json(const Scoreboard& scoreboard, Role role, const TaskTable* tasks = nullptr) {
  const uint32_t first_slot = first_slot_of(scoreboard, role);
  std::vector<std::string> lives;
  for (const LifeLine& line : lines_of(scoreboard, role, tasks)) lives.push_back(life_json(line, first_slot));
  return json_array(lives);
}

std::string tasks_json(const TaskTable& tasks) {
  JsonObject json;
  for (const TaskNumber& number : task_numbers(tasks)) json.number(number.name, number.value);
  return json.end();
}

std::string closed_json(const Scoreboard& scoreboard) {
  JsonObject json;
  for (size_t i = 0; i < static_cast<size_t>(CloseReason::count); i++)
    json.number(close_reason_name(static_cast<CloseReason>(i)), total_closed(scoreboard, i));
  return json.end();
}

std::string addresses_json(const Scoreboard& scoreboard) {
  std::vector<std::string> all;
  for (std::string_view address : addresses(scoreboard)) all.push_back(json_text(address));
  return json_array(all);
}

void add_totals(JsonObject& json, const Scoreboard& scoreboard) {
  static constexpr Total kTotals[] = {
      {"accepted", &LifeRow::accepted}, {"requests", &LifeRow::requests}, {"bytes_in", &LifeRow::bytes_in},
      {"bytes_out", &LifeRow::bytes_out}, {"log_lines_dropped", &LifeRow::log_lines_dropped},
      {"accept_pauses", &LifeRow::accept_pauses}, {"messages_dropped", &LifeRow::messages_dropped},
      {"broadcasts_missed", &LifeRow::broadcasts_missed}, {"requests_limited", &LifeRow::requests_limited},
      {"packets_refused", &LifeRow::packets_refused}, {"addresses_unknown", &LifeRow::addresses_unknown},
  };
  for (const Total& one : kTotals) json.number(one.name, total(scoreboard, one.counter));
  json.number("error_lines_dropped", error_lines_dropped(scoreboard));
  if (!scoreboard.gate_lives()) return;
  for (const Total& one : kGateTotals) json.number(one.name, total(scoreboard, one.counter));
}

}  // namespace

std::string status_json(const Scoreboard& scoreboard, std::string_view version, const TaskTable* tasks) {
  ServiceRow& service = scoreboard.service();
  JsonObject json;
  json.text("version", version).number("pid", static_cast<uint64_t>(service.pid.load()));
  json.number("uptime_s", uptime_s(scoreboard)).number("generation", service.generation);
  json.number("reloads", service.reloads).number("reloads_failed", service.reloads_failed);
  json.number("generations_ended", service.generations_ended);
  json.json("addresses", addresses_json(scoreboard));
  add_totals(json, scoreboard);
  json.json("closed", closed_json(scoreboard)).json("workers", lives_json(scoreboard, Role::worker));
  json.json("processes", lives_json(scoreboard, Role::process));
  if (tasks)
    json.json("tasks", tasks_json(*tasks))
        .json("task_workers", lives_json(scoreboard, Role::task_worker, tasks));
  if (scoreboard.gate_lives())
    json.json("gate", lives_json(scoreboard, Role::gate_thread))
        .json("manager", lives_json(scoreboard, Role::manager));
  return json.end() + "\n";
}

}  // namespace oklo
