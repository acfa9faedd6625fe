#include "process/status_table.h"

#include <iterator>
#include <span>

#include "base/number.h"
#include "process/text_columns.h"

namespace oklo {

namespace {

using Column = oklo::Column<LifeLine>;

constexpr Column kPid = {"pid", 7, true, [](const LifeLine& line) {
                           return line.pid ? decimal(static_cast<uint64_t>(line.pid)) : std::string("-");
                         }};
constexpr Column kState = {"state", 8, false, [](const LifeLine& line) { return std::string(line.state); }};
constexpr Column kGeneration = {"generation", 10, true,
                                [](const LifeLine& line) { return decimal(line.generation); }};
constexpr Column kUptime = {"up s", 10, true, [](const LifeLine& line) { return decimal(line.uptime_s); }};
constexpr Column kConnections = {"connections", 11, true,
                                 [](const LifeLine& line) { return decimal(line.connections); }};
constexpr Column kWaiting = {"waiting", 7, true,
                             [](const LifeLine& line) { return decimal(line.waiting); }};
constexpr Column kMemory = {"memory KiB", 10, true,
                            [](const LifeLine& line) { return decimal(line.memory_kib); }};
constexpr Column kRestarts = {"restarts", 8, true,
                              [](const LifeLine& line) { return decimal(line.restarts); }};

constexpr Column kWorkerColumns[] = {
    {"worker", 6, true, [](const LifeLine& line) { return decimal(line.slot + 1); }},
    kPid,
    kState,
    kGeneration,
    kConnections,
    {"requests", 10, true, [](const LifeLine& line) { return decimal(line.requests); }},
    {"rate/s", 7, true, [](const LifeLine& line) { return decimal(line.rate); }},
    kMemory,
    kRestarts,
    kWaiting,  // in base mode
};

constexpr Column kProcessColumns[] = {
    {"process", 20, false, [](const LifeLine& line) { return std::string(line.process); }},
    kPid,
    kState,
    kGeneration,
    kUptime,
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
    kUptime,
    kConnections,
    {"workers", 7, true, [](const LifeLine& line) { return decimal(line.workers); }},
    kMemory,
    kRestarts,
    kWaiting,
};

void add_table(std::string& out, std::span<const Column> columns, const std::vector<LifeLine>& lines) {
  add_head(out, columns);
  for (const LifeLine& line : lines) add_row(out, columns, line);
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
  size_t left_out = scoreboard.gate_lives() ? 1 : 0;
  add_table(out, std::span(kWorkerColumns).first(std::size(kWorkerColumns) - left_out),
            lines_of(scoreboard, Role::worker));
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

}  // namespace oklo
