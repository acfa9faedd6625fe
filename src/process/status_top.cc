#include "process/status_top.h"

#include <algorithm>
#include <optional>

#include "base/number.h"
#include "process/connection_list.h"
#include "process/text_columns.h"
#include "sys/time.h"

namespace oklo {

namespace {

using Column = oklo::Column<LifeLine>;

constexpr size_t kRowsMax = 1000;

std::string name_of(const LifeLine& line) {
  if (line.role == Role::worker) return "worker " + decimal(line.slot + 1);
  return std::string(line.process.substr(0, 13));
}

// Of a task worker its tasks are what requests are for others.
uint64_t work_of(const LifeLine& line) {
  return line.role == Role::task_worker ? line.tasks_done + line.tasks_failed : line.requests;
}

constexpr Column kColumns[] = {
    {"process", 13, false, name_of},
    {"pid", 7, true, [](const LifeLine& line) { return decimal(static_cast<uint64_t>(line.pid)); }},
    {"state", 8, false, [](const LifeLine& line) { return std::string(line.state); }},
    {"gen", 4, true, [](const LifeLine& line) { return decimal(line.generation); }},
    {"conns", 5, true, [](const LifeLine& line) { return short_amount(line.connections); }},
    {"done", 5, true, [](const LifeLine& line) { return short_amount(work_of(line)); }},
    {"rate/s", 6, true, [](const LifeLine& line) { return decimal(line.rate); }},
    {"KiB", 7, true, [](const LifeLine& line) { return decimal(line.memory_kib); }},
    {"died", 5, true, [](const LifeLine& line) { return decimal(line.restarts); }},
};

void add_numbers(std::string& out, const Scoreboard& scoreboard) {
  for (auto counter : {&LifeRow::requests, &LifeRow::bytes_in, &LifeRow::bytes_out})
    out += decimal(total(scoreboard, counter)) + " ";
  LatencyHistogram latency = total_latency(scoreboard);
  for (size_t i = 0; i < LatencyHistogram::kBuckets; i++) out += decimal(latency.count(i)) + " ";
  out.back() = '\n';
}

void add_service(std::string& out, const Scoreboard& scoreboard, std::string_view version) {
  const ServiceRow& service = scoreboard.service();
  out.append("oklo ").append(version).append(", master ");
  out += decimal(static_cast<uint64_t>(service.pid.load())) + ", up " + decimal(uptime_s(scoreboard));
  out += " s, generation " + decimal(service.generation) + ", reloads " + decimal(service.reloads);
  out += " (" + decimal(service.reloads_failed) + " failed)\n";
}

std::vector<LifeLine> all_lines(const Scoreboard& scoreboard) {
  std::vector<LifeLine> all;
  for (Role role : {Role::gate_thread, Role::worker, Role::task_worker, Role::process, Role::manager})
    for (const LifeLine& line : lines_of(scoreboard, role)) all.push_back(line);
  return all;
}

// At most that many rows, with the head. How many it took.
size_t add_lives(std::string& out, const Scoreboard& scoreboard, size_t rows) {
  std::vector<LifeLine> lines = all_lines(scoreboard);
  size_t shown = lines.size() < rows ? lines.size() : rows - 2;
  add_head<LifeLine>(out, kColumns);
  for (size_t i = 0; i < shown; i++) add_row<LifeLine>(out, kColumns, lines[i]);
  if (shown == lines.size()) return shown + 1;
  out += "and " + decimal(lines.size() - shown) + " more\n";
  return rows;
}

// Takes "rows=N" from the front.
std::optional<uint64_t> take_rows(std::string_view& words) {
  if (!words.starts_with("rows=")) return std::nullopt;
  size_t blank = std::min(words.find(' '), words.size());
  std::optional<uint64_t> rows = parse_decimal(words.substr(5, blank - 5));
  words.remove_prefix(std::min(blank + 1, words.size()));
  return rows;
}

}  // namespace

// A head, a connection and a free line need three rows behind a half of them for the lives, at least.
Result<std::string> status_top(const Scoreboard& scoreboard, const ConnectionSources& connections,
                               std::string_view version, std::string_view words) {
  std::optional<uint64_t> wanted = take_rows(words);
  if (!wanted) return Error{0, "top wants rows=N"};
  Result<ConnectionQuery> query = parse_connection_query(words);
  if (!query) return query.error();
  size_t rows = static_cast<size_t>(std::clamp<uint64_t>(*wanted, 8, kRowsMax));
  std::string out;
  add_numbers(out, scoreboard);
  add_service(out, scoreboard, version);
  size_t used = 1 + add_lives(out, scoreboard, rows / 2);
  query->limit = std::min(query->limit, static_cast<uint32_t>(rows - used - 2));
  out += "\n";
  add_top_connections(out, list_connections(connections, *query, sys::monotonic_ms()));
  return out;
}

}  // namespace oklo
