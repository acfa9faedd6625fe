#include "process/status_metrics.h"

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>
#include <span>

#include "base/number.h"
#include "codec/metrics_text.h"
#include "process/slot_name.h"
#include "shm/connection_snapshot.h"

namespace oklo {

namespace {

using codec::MetricsText;
using Type = MetricsText::Type;

struct Counted {
  std::string_view name;
  std::string_view help;
  Counter LifeRow::*counter;
};

constexpr Counted kCounted[] = {
    {"oklo_connections_accepted_total", "Connections that were accepted.", &LifeRow::accepted},
    {"oklo_requests_total", "HTTP requests, messages and datagrams that were handled.", &LifeRow::requests},
    {"oklo_received_bytes_total", "Bytes that came over connections.", &LifeRow::bytes_in},
    {"oklo_sent_bytes_total", "Bytes that went over connections.", &LifeRow::bytes_out},
    {"oklo_accept_pauses_total", "Times that accepting stopped because there was no room.",
     &LifeRow::accept_pauses},
    {"oklo_log_lines_dropped_total", "Lines of the access log that could not be written in time.",
     &LifeRow::log_lines_dropped},
    {"oklo_messages_dropped_total", "Messages that slow receivers of WebSockets did not get.",
     &LifeRow::messages_dropped},
    {"oklo_broadcasts_missed_total", "What others sent that was overwritten before it was read.",
     &LifeRow::broadcasts_missed},
    {"oklo_requests_limited_total", "Requests of addresses that made too many.", &LifeRow::requests_limited},
    {"oklo_packets_refused_total", "Datagrams of addresses that may not send, or not as many.",
     &LifeRow::packets_refused},
    {"oklo_addresses_unknown_total", "Let in because there was no place to remember their address.",
     &LifeRow::addresses_unknown},
};

constexpr Counted kOfGate[] = {
    {"oklo_gate_dispatched_wrong_total", "Workers that the program named and that are not there.",
     &LifeRow::dispatched_wrong},
    {"oklo_gate_packets_dropped_total", "Datagrams for workers that had no room.", &LifeRow::packets_dropped},
    {"oklo_gate_wires_broken_total", "What came over wires that no worker sends.", &LifeRow::wires_broken},
    {"oklo_gate_deliveries_lost_total", "What workers had in their hands when they died, told nobody again.",
     &LifeRow::deliveries_lost},
    {"oklo_gate_deliveries_repeated_total", "The same, told another worker.", &LifeRow::deliveries_repeated},
};

constexpr std::string_view kRoles[] = {"worker", "process", "task_worker", "gate_thread", "manager"};
constexpr size_t kRoleCount = std::size(kRoles);

void add_service(MetricsText& text, const Scoreboard& scoreboard, std::string_view version) {
  const ServiceRow& service = scoreboard.service();
  text.family("oklo_build_info", Type::gauge, "Which oklo this is.");
  text.sample(1, {{"version", version}, {"mode", scoreboard.gate_lives() ? "process" : "base"}});
  text.gauge("oklo_up", "Whether the service runs: always 1.", 1);
  text.gauge("oklo_ready", "Whether it answers: a worker is ready, and it does not stop.",
             is_healthy(scoreboard));
  text.gauge("oklo_uptime_seconds", "How long the service runs.", uptime_s(scoreboard));
  text.gauge("oklo_generation", "The generation of workers that serves.", service.generation);
  text.family("oklo_reloads_total", Type::counter, "Reloads by their outcome.");
  text.sample(service.reloads, {{"outcome", "done"}});
  text.sample(service.reloads_failed, {{"outcome", "failed"}});
  text.counter("oklo_generations_ended_total", "Generations that drained for too long and were ended.",
               service.generations_ended);
}

void add_counted(MetricsText& text, const Scoreboard& scoreboard, std::span<const Counted> all) {
  for (const Counted& one : all) text.counter(one.name, one.help, total(scoreboard, one.counter));
}

void add_closed(MetricsText& text, const Scoreboard& scoreboard) {
  text.family("oklo_connections_closed_total", Type::counter, "Connections that ended, by why they did.");
  for (size_t i = 0; i < static_cast<size_t>(CloseReason::count); i++)
    text.sample(total_closed(scoreboard, i), {{"reason", close_reason_name(static_cast<CloseReason>(i))}});
}

// The bounds are the powers of two of microseconds; between them the histogram knows more.
void add_latency(MetricsText& text, const Scoreboard& scoreboard) {
  LatencyHistogram sum = total_latency(scoreboard);
  text.family("oklo_http_answer_seconds", Type::histogram,
              "From the head of a request to the begin of its answer.");
  uint64_t below = 0;
  for (size_t i = 0; i < LatencyHistogram::kBuckets - 1; i++) {
    below += sum.count(i);
    uint64_t bound_us = LatencyHistogram::begin_of(i + 1);
    if (std::has_single_bit(bound_us))
      text.sample(decimal(below), {{"le", codec::seconds_of_us(bound_us)}}, "_bucket");
  }
  std::string count = decimal(sum.count());
  text.sample(count, {{"le", "+Inf"}}, "_bucket");
  text.sample(codec::seconds_of_us(sum.sum()), {}, "_sum");
  text.sample(count, {}, "_count");
}

void add_connections(MetricsText& text, const ConnectionTable& table) {
  std::array<uint64_t, kConnectionKinds> open = {}, queued = {};
  each_connection(table, [&](const ConnectionSnapshot& one) {
    open[static_cast<size_t>(one.kind)]++;
    queued[static_cast<size_t>(one.kind)] += one.queued_bytes;
  });
  text.family("oklo_connections", Type::gauge, "Connections that are open, by what is spoken on them.");
  for (size_t i = 1; i < kConnectionKinds; i++)
    text.sample(open[i], {{"kind", kind_name(static_cast<ConnectionKind>(i))}});
  text.family("oklo_connections_queued_bytes", Type::gauge, "Bytes that wait for slow receivers.");
  for (size_t i = 1; i < kConnectionKinds; i++)
    text.sample(queued[i], {{"kind", kind_name(static_cast<ConnectionKind>(i))}});
}

void add_lives(MetricsText& text, const Scoreboard& scoreboard) {
  static constexpr std::string_view kStates[] = {"starting", "ready", "draining", "stopped", "late", "full"};
  constexpr size_t kStateCount = std::size(kStates);
  std::array<std::array<uint64_t, kStateCount>, kRoleCount> counts = {};
  for (uint32_t i = 0; i < scoreboard.size(); i++) {
    const LifeRow& life = scoreboard.life(i);
    if (life.state.load() == LifeState::none) continue;
    auto& of_role = counts[static_cast<size_t>(scoreboard.slot(life.slot).role)];
    for (size_t state = 0; state < kStateCount; state++) of_role[state] += state_of(life) == kStates[state];
  }
  text.family("oklo_processes", Type::gauge, "Processes and threads of the service, by what they do.");
  for (size_t role = 0; role < kRoleCount; role++)
    for (size_t state = 0; state < kStateCount; state++)
      text.sample(counts[role][state], {{"role", kRoles[role]}, {"state", kStates[state]}});
}

void add_slots(MetricsText& text, const Scoreboard& scoreboard) {
  std::array<uint64_t, kRoleCount> restarts = {}, wait_ms = {};
  for (uint32_t i = 0; i < scoreboard.slots(); i++) {
    const SlotRow& slot = scoreboard.slot(i);
    size_t role = static_cast<size_t>(slot.role);
    restarts[role] += slot.restarts;
    wait_ms[role] = std::max<uint64_t>(wait_ms[role], slot.backoff_ms);
  }
  text.family("oklo_restarts_total", Type::counter, "Processes that died and were replaced.");
  for (size_t role = 0; role < kRoleCount; role++) text.sample(restarts[role], {{"role", kRoles[role]}});
  text.family("oklo_backoff_seconds", Type::gauge, "The longest wait before one is started again; 0: none.");
  for (size_t role = 0; role < kRoleCount; role++)
    text.sample(codec::seconds_of_us(wait_ms[role] * 1000), {{"role", kRoles[role]}});
}

// Where a kernel does not tell of its queues there are no samples.
void add_queues(MetricsText& text, const Scoreboard& scoreboard) {
  auto add = [&](std::atomic<uint32_t> SlotRow::*number) {
    for (uint32_t i = 0; i < scoreboard.slots(); i++)
      if (const SlotRow& slot = scoreboard.slot(i); slot.accept_queue_max)
        text.sample(slot.*number, {{"owner", slot_name(scoreboard, i)}});
  };
  text.family("oklo_accept_queue", Type::gauge, "Connections that wait to be accepted, by who accepts them.");
  add(&SlotRow::accept_queue);
  text.family("oklo_accept_queue_limit", Type::gauge, "How many may wait before the kernel refuses them.");
  add(&SlotRow::accept_queue_max);
}

void add_tasks(MetricsText& text, const TaskTable& tasks) {
  TaskCounts counts = tasks.counts();
  text.counter("oklo_tasks_accepted_total", "Tasks that were accepted.", counts.accepted);
  text.counter("oklo_tasks_retried_total", "Tasks that were run again after a death.", counts.retried);
  text.gauge("oklo_tasks_queued", "Tasks that wait for a task worker.", counts.queued);
  text.gauge("oklo_tasks_running", "Tasks that are run.", counts.running);
  text.family("oklo_tasks_ended_total", Type::counter, "Tasks that ended, by how they did.");
  static constexpr TaskEnd kEnds[] = {TaskEnd::done, TaskEnd::failed, TaskEnd::died, TaskEnd::stopped,
                                      TaskEnd::timed_out};
  static constexpr std::string_view kNames[] = {"done", "failed", "died", "stopped", "timed_out"};
  for (size_t i = 0; i < std::size(kEnds); i++)
    text.sample(counts.ended[static_cast<size_t>(kEnds[i])], {{"end", kNames[i]}});
}

}  // namespace

std::string status_metrics(const Scoreboard& scoreboard, const ConnectionTable& connections,
                           std::string_view version, const TaskTable* tasks) {
  MetricsText text;
  add_service(text, scoreboard, version);
  add_counted(text, scoreboard, kCounted);
  add_closed(text, scoreboard);
  add_latency(text, scoreboard);
  add_connections(text, connections);
  add_lives(text, scoreboard);
  add_slots(text, scoreboard);
  add_queues(text, scoreboard);
  if (scoreboard.gate_lives()) add_counted(text, scoreboard, kOfGate);
  if (tasks) add_tasks(text, *tasks);
  return text.take();
}

}  // namespace oklo
