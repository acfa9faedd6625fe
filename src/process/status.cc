#include "process/status.h"

#include <algorithm>
#include <span>
#include <vector>

#include "base/number.h"
#include "sys/process.h"
#include "sys/time.h"

namespace oklo {

namespace {

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
  uint64_t requests = 0;
  uint64_t rate = 0;
  uint64_t memory_kib = 0;
  uint64_t restarts = 0;
  uint64_t backoff_ms = 0;
  uint32_t task_worker = 0;  // its number among those
  uint64_t tasks_done = 0;
  uint64_t tasks_failed = 0;
  std::string_view running;  // the kind of its task; empty: it runs none
  uint64_t running_ms = 0;
  uint64_t attempt = 0;
};

std::string_view state_of(const LifeRow& life, const sys::ProcessInfo& process) {
  if (process.stopped || life.stopped) return "stopped";
  if (life.late) return life.full ? "full" : "late";
  switch (life.state.load()) {
    case LifeState::starting: return "starting";
    case LifeState::ready: return "ready";
    case LifeState::draining: return "draining";
    case LifeState::none: break;
  }
  return "gone";
}

LifeLine line_of(const Scoreboard& scoreboard, const LifeRow& life) {
  LifeLine line;
  line.role = scoreboard.slot(life.slot).role;
  line.slot = life.slot;
  line.process = scoreboard.slot(life.slot).name;
  line.pid = life.pid;
  sys::ProcessInfo process = sys::process_info(life.pid);
  line.state = state_of(life, process);
  line.generation = life.generation;
  line.uptime_s = (sys::monotonic_ms() - life.started_ms.value()) / 1000;
  line.connections = life.connections;
  line.requests = life.requests.value();
  line.rate = life.rate;
  line.memory_kib = process.private_kib;
  line.restarts = scoreboard.slot(life.slot).restarts;
  line.task_worker = scoreboard.slot(life.slot).task_worker;
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

// Of a slot in which nothing runs.
LifeLine line_of(const SlotRow& slot, uint32_t index) {
  LifeLine line;
  line.role = slot.role;
  line.slot = index;
  line.process = slot.name;
  line.state = slot.over ? "over" : "back-off";
  line.restarts = slot.restarts;
  line.task_worker = slot.task_worker;
  line.backoff_ms = slot.backoff_ms;
  return line;
}

// All lives of that role, and a line for each slot that waits for its next one, or for none.
std::vector<LifeLine> lines_of(const Scoreboard& scoreboard, Role role, const TaskTable* tasks = nullptr) {
  std::vector<LifeLine> lines;
  for (uint32_t i = 0; i < scoreboard.size(); i++) {
    if (scoreboard.life(i).state.load() == LifeState::none) continue;
    lines.push_back(line_of(scoreboard, scoreboard.life(i)));
    if (tasks && role == Role::task_worker)
      add_running(lines.back(), scoreboard.life(i).task.value(), *tasks);
  }
  for (uint32_t i = 0; i < scoreboard.slots(); i++)
    if (const SlotRow& slot = scoreboard.slot(i); slot.backoff_ms || slot.over)
      lines.push_back(line_of(slot, i));
  std::erase_if(lines, [role](const LifeLine& line) { return line.role != role; });
  std::sort(lines.begin(), lines.end(), [](const LifeLine& a, const LifeLine& b) {
    return a.slot != b.slot ? a.slot < b.slot : a.generation < b.generation;
  });
  return lines;
}

uint64_t total(const Scoreboard& scoreboard, Counter LifeRow::*counter) {
  uint64_t sum = (scoreboard.gone(Keeper::workers).*counter).value();
  sum += (scoreboard.gone(Keeper::gate).*counter).value();
  for (uint32_t i = 0; i < scoreboard.size(); i++)
    if (scoreboard.life(i).state.load() != LifeState::none) sum += (scoreboard.life(i).*counter).value();
  return sum;
}

uint64_t total_closed(const Scoreboard& scoreboard, size_t reason) {
  uint64_t sum = scoreboard.gone(Keeper::workers).closed[reason].value();
  sum += scoreboard.gone(Keeper::gate).closed[reason].value();
  for (uint32_t i = 0; i < scoreboard.size(); i++)
    if (scoreboard.life(i).state.load() != LifeState::none) sum += scoreboard.life(i).closed[reason].value();
  return sum;
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

void pad(std::string& out, std::string_view text, size_t width, bool right) {
  size_t blanks = text.size() < width ? width - text.size() : 0;
  if (right) out.append(blanks, ' ');
  out.append(text);
  if (!right) out.append(blanks, ' ');
  out.append("  ");
}

// A JSON string; what is not ASCII passes as it is (RFC 8259 section 7).
void add_quoted(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  for (char c : text) {
    if (c == '"' || c == '\\') out.append({'\\', c});
    else if (static_cast<unsigned char>(c) >= 0x20) out.push_back(c);
    else out.append("\\u00").append({kHex[c >> 4], kHex[c & 15]});
  }
  out.push_back('"');
}

void add_member(std::string& out, std::string_view name, uint64_t value) {
  out.append("\"").append(name).append("\":").append(decimal(value)).append(",");
}

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
  if (has_connections) add_member(out, "connections", line.connections);
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

// How the tasks of a service stand, in the order in which they are shown.
struct TaskNumber {
  std::string_view name;
  uint64_t value;
};

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

struct Total {
  std::string_view name;
  Counter LifeRow::*counter;
};
// What the threads of a gate count, in process mode.
constexpr Total kGateTotals[] = {
    {"dispatched_wrong", &LifeRow::dispatched_wrong}, {"packets_dropped", &LifeRow::packets_dropped},
    {"wires_broken", &LifeRow::wires_broken}, {"deliveries_lost", &LifeRow::deliveries_lost},
    {"deliveries_repeated", &LifeRow::deliveries_repeated},
};

void add_totals_json(std::string& out, const Scoreboard& scoreboard) {
  static constexpr Total kTotals[] = {
      {"accepted", &LifeRow::accepted}, {"requests", &LifeRow::requests}, {"bytes_in", &LifeRow::bytes_in},
      {"bytes_out", &LifeRow::bytes_out}, {"log_lines_dropped", &LifeRow::log_lines_dropped},
      {"accept_pauses", &LifeRow::accept_pauses}, {"messages_dropped", &LifeRow::messages_dropped},
      {"broadcasts_missed", &LifeRow::broadcasts_missed},
  };
  for (const Total& one : kTotals) add_member(out, one.name, total(scoreboard, one.counter));
  if (scoreboard.gate_lives())
    for (const Total& one : kGateTotals) add_member(out, one.name, total(scoreboard, one.counter));
  out.append("\"closed\":{");
  for (size_t i = 0; i < static_cast<size_t>(CloseReason::count); i++)
    add_member(out, close_reason_name(static_cast<CloseReason>(i)), total_closed(scoreboard, i));
  out.back() = '}';
  out.append(",");
}

// ---------------------------------------------------------------- the tables

struct Column {
  std::string_view name;
  size_t width;
  bool right;
  std::string (*cell)(const LifeLine& line);
};

constexpr Column kPid = {"pid", 7, true, [](const LifeLine& line) {
                           return line.pid ? decimal(static_cast<uint64_t>(line.pid)) : std::string("-");
                         }};
constexpr Column kState = {"state", 8, false, [](const LifeLine& line) { return std::string(line.state); }};
constexpr Column kGeneration = {"generation", 10, true,
                                [](const LifeLine& line) { return decimal(line.generation); }};
constexpr Column kMemory = {"memory KiB", 10, true,
                            [](const LifeLine& line) { return decimal(line.memory_kib); }};
constexpr Column kRestarts = {"restarts", 8, true,
                              [](const LifeLine& line) { return decimal(line.restarts); }};

constexpr Column kWorkerColumns[] = {
    {"worker", 6, true, [](const LifeLine& line) { return decimal(line.slot + 1); }},
    kPid,
    kState,
    kGeneration,
    {"connections", 11, true, [](const LifeLine& line) { return decimal(line.connections); }},
    {"requests", 10, true, [](const LifeLine& line) { return decimal(line.requests); }},
    {"rate/s", 7, true, [](const LifeLine& line) { return decimal(line.rate); }},
    kMemory,
    kRestarts,
};

constexpr Column kProcessColumns[] = {
    {"process", 20, false, [](const LifeLine& line) { return std::string(line.process); }},
    kPid,
    kState,
    kGeneration,
    {"up s", 10, true, [](const LifeLine& line) { return decimal(line.uptime_s); }},
    kMemory,
    kRestarts,
};

constexpr Column kTaskColumns[] = {
    {"task worker", 11, true, [](const LifeLine& line) { return decimal(line.task_worker); }},
    kPid,
    kState,
    kGeneration,
    {"done", 10, true, [](const LifeLine& line) { return decimal(line.tasks_done); }},
    {"failed", 8, true, [](const LifeLine& line) { return decimal(line.tasks_failed); }},
    {"running", 16, false,
     [](const LifeLine& line) { return std::string(line.running.empty() ? "-" : line.running); }},
    {"for ms", 8, true, [](const LifeLine& line) { return decimal(line.running_ms); }},
    kMemory,
    kRestarts,
};

constexpr Column kGateColumns[] = {
    {"thread", 20, false, [](const LifeLine& line) { return std::string(line.process); }},
    kPid,
    kState,
    {"up s", 10, true, [](const LifeLine& line) { return decimal(line.uptime_s); }},
    {"connections", 11, true, [](const LifeLine& line) { return decimal(line.connections); }},
    kMemory,
    kRestarts,
};

void end_row(std::string& out) {
  out.resize(out.find_last_not_of(' ') + 1);
  out += "\n";
}

void add_table(std::string& out, std::span<const Column> columns, const std::vector<LifeLine>& lines) {
  for (const Column& column : columns) pad(out, column.name, column.width, column.right);
  end_row(out);
  for (const LifeLine& line : lines) {
    for (const Column& column : columns) pad(out, column.cell(line), column.width, column.right);
    end_row(out);
  }
}

void add_gate_table(std::string& out, const Scoreboard& scoreboard) {
  out += "\n";
  add_table(out, kGateColumns, lines_of(scoreboard, Role::gate_thread));
  out += "gate";
  for (const Total& one : kGateTotals)
    out.append(" ").append(one.name).append(" ").append(decimal(total(scoreboard, one.counter))).append(",");
  out.back() = '\n';
}

void add_tasks_table(std::string& out, const Scoreboard& scoreboard, const TaskTable& tasks) {
  out += "\n";
  add_table(out, kTaskColumns, lines_of(scoreboard, Role::task_worker, &tasks));
  out += "tasks";
  for (const TaskNumber& number : task_numbers(tasks))
    out.append(" ").append(number.name).append(" ").append(decimal(number.value)).append(",");
  out.back() = '\n';
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

std::string status_table(const Scoreboard& scoreboard, std::string_view version, const TaskTable* tasks) {
  ServiceRow& service = scoreboard.service();
  std::string out =
      "oklo " + std::string(version) + ", master " + decimal(static_cast<uint64_t>(service.pid.load()));
  out += ", up " + decimal(uptime_s(scoreboard)) + " s, generation " + decimal(service.generation);
  out += ", reloads " + decimal(service.reloads) + " (" + decimal(service.reloads_failed) +
         " failed)\nlistens on";
  for (std::string_view address : addresses(scoreboard)) out.append(" ").append(address);
  out += "\nrequests " + decimal(total(scoreboard, &LifeRow::requests));
  out += ", connections accepted " + decimal(total(scoreboard, &LifeRow::accepted)) + "\n\n";
  add_table(out, kWorkerColumns, lines_of(scoreboard, Role::worker));
  if (scoreboard.gate_lives()) add_gate_table(out, scoreboard);
  std::vector<LifeLine> processes = lines_of(scoreboard, Role::manager);
  for (LifeLine& line : lines_of(scoreboard, Role::process)) processes.push_back(std::move(line));
  if (!processes.empty()) {
    out += "\n";
    add_table(out, kProcessColumns, processes);
  }
  if (tasks) add_tasks_table(out, scoreboard, *tasks);
  return out;
}

bool is_healthy(const Scoreboard& scoreboard) {
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
