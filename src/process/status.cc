#include "process/status.h"

#include <algorithm>
#include <vector>

#include "base/number.h"
#include "sys/process.h"
#include "sys/time.h"

namespace oklo {

namespace {

// One worker as it is shown.
struct WorkerLine {
  uint32_t slot = 0;
  int32_t pid = 0;
  std::string_view state;
  uint32_t generation = 0;
  uint64_t connections = 0;
  uint64_t requests = 0;
  uint64_t rate = 0;
  uint64_t memory_kib = 0;
  uint64_t restarts = 0;
  uint64_t backoff_ms = 0;
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

WorkerLine line_of(const Scoreboard& scoreboard, const LifeRow& life) {
  WorkerLine line;
  line.slot = life.slot;
  line.pid = life.pid;
  sys::ProcessInfo process = sys::process_info(life.pid);
  line.state = state_of(life, process);
  line.generation = life.generation;
  line.connections = life.connections;
  line.requests = life.requests.value();
  line.rate = life.rate;
  line.memory_kib = process.private_kib;
  line.restarts = scoreboard.slot(life.slot).restarts;
  return line;
}

// All workers, and a line for each slot that waits for its next one.
std::vector<WorkerLine> worker_lines(const Scoreboard& scoreboard) {
  std::vector<WorkerLine> lines;
  for (uint32_t i = 0; i < scoreboard.size(); i++)
    if (scoreboard.life(i).state.load() != LifeState::none)
      lines.push_back(line_of(scoreboard, scoreboard.life(i)));
  for (uint32_t i = 0; i < scoreboard.slots(); i++) {
    SlotRow& slot = scoreboard.slot(i);
    if (slot.backoff_ms == 0) continue;
    WorkerLine line;
    line.slot = i;
    line.state = "back-off";
    line.restarts = slot.restarts;
    line.backoff_ms = slot.backoff_ms;
    lines.push_back(line);
  }
  std::sort(lines.begin(), lines.end(), [](const WorkerLine& a, const WorkerLine& b) {
    return a.slot != b.slot ? a.slot < b.slot : a.generation < b.generation;
  });
  return lines;
}

uint64_t total(const Scoreboard& scoreboard, Counter LifeRow::*counter) {
  uint64_t sum = (scoreboard.gone().*counter).value();
  for (uint32_t i = 0; i < scoreboard.size(); i++)
    if (scoreboard.life(i).state.load() != LifeState::none) sum += (scoreboard.life(i).*counter).value();
  return sum;
}

uint64_t total_closed(const Scoreboard& scoreboard, size_t reason) {
  uint64_t sum = scoreboard.gone().closed[reason].value();
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

void add_worker_json(std::string& out, const WorkerLine& line) {
  out.append("{");
  add_member(out, "worker", line.slot + 1);
  add_member(out, "pid", static_cast<uint64_t>(line.pid));
  out.append("\"state\":\"").append(line.state).append("\",");
  add_member(out, "generation", line.generation);
  add_member(out, "connections", line.connections);
  add_member(out, "requests", line.requests);
  add_member(out, "rate", line.rate);
  add_member(out, "memory_kib", line.memory_kib);
  add_member(out, "restarts", line.restarts);
  add_member(out, "backoff_ms", line.backoff_ms);
  out.back() = '}';
}

void add_totals_json(std::string& out, const Scoreboard& scoreboard) {
  struct Named {
    std::string_view name;
    Counter LifeRow::*counter;
  };
  static constexpr Named kTotals[] = {
      {"accepted", &LifeRow::accepted}, {"requests", &LifeRow::requests}, {"bytes_in", &LifeRow::bytes_in},
      {"bytes_out", &LifeRow::bytes_out}, {"log_lines_dropped", &LifeRow::log_lines_dropped},
      {"accept_pauses", &LifeRow::accept_pauses}, {"messages_dropped", &LifeRow::messages_dropped},
      {"broadcasts_missed", &LifeRow::broadcasts_missed},
  };
  for (const Named& one : kTotals) add_member(out, one.name, total(scoreboard, one.counter));
  out.append("\"closed\":{");
  for (size_t i = 0; i < static_cast<size_t>(CloseReason::count); i++)
    add_member(out, close_reason_name(static_cast<CloseReason>(i)), total_closed(scoreboard, i));
  out.back() = '}';
  out.append(",");
}

}  // namespace

std::string status_json(const Scoreboard& scoreboard, std::string_view version) {
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
  out.append("\"workers\":[");
  for (const WorkerLine& line : worker_lines(scoreboard)) {
    add_worker_json(out, line);
    out.append(",");
  }
  if (out.back() == ',') out.pop_back();
  return out + "]}\n";
}

std::string status_table(const Scoreboard& scoreboard, std::string_view version) {
  ServiceRow& service = scoreboard.service();
  std::string out =
      "oklo " + std::string(version) + ", master " + decimal(static_cast<uint64_t>(service.pid.load()));
  out += ", up " + decimal(uptime_s(scoreboard)) + " s, generation " + decimal(service.generation);
  out += ", reloads " + decimal(service.reloads) + " (" + decimal(service.reloads_failed) +
         " failed)\nlistens on";
  for (std::string_view address : addresses(scoreboard)) out.append(" ").append(address);
  out += "\nrequests " + decimal(total(scoreboard, &LifeRow::requests));
  out += ", connections accepted " + decimal(total(scoreboard, &LifeRow::accepted)) + "\n\n";
  struct Column {
    std::string_view name;
    size_t width;
    bool right;
  };
  static constexpr Column kColumns[] = {
      {"worker", 6, true},      {"pid", 7, true},          {"state", 8, false},
      {"generation", 10, true}, {"connections", 11, true}, {"requests", 10, true},
      {"rate/s", 7, true},      {"memory KiB", 10, true},  {"restarts", 8, true}};
  for (const Column& column : kColumns) pad(out, column.name, column.width, column.right);
  for (const WorkerLine& line : worker_lines(scoreboard)) {
    std::string pid = line.pid ? decimal(static_cast<uint64_t>(line.pid)) : "-";
    std::string cells[] = {decimal(line.slot + 1), pid, std::string(line.state), decimal(line.generation),
                           decimal(line.connections), decimal(line.requests), decimal(line.rate),
                           decimal(line.memory_kib), decimal(line.restarts)};
    out.resize(out.find_last_not_of(' ') + 1);
    out += "\n";
    for (size_t i = 0; i < std::size(cells); i++) pad(out, cells[i], kColumns[i].width, kColumns[i].right);
  }
  out.resize(out.find_last_not_of(' ') + 1);
  return out + "\n";
}

bool is_healthy(const Scoreboard& scoreboard) {
  for (uint32_t i = 0; i < scoreboard.size(); i++) {
    const LifeRow& life = scoreboard.life(i);
    bool keeps_waiting = life.late && !life.full;
    if (life.state.load() == LifeState::ready && !life.stopped && !keeps_waiting) return true;
  }
  return false;
}

}  // namespace oklo
