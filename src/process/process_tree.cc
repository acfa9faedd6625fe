#include "process/process_tree.h"

#include <algorithm>
#include <utility>

#include "base/number.h"
#include "process/bury.h"
#include "process/gate.h"
#include "process/here.h"
#include "process/manager.h"
#include "process/task_judge.h"

namespace oklo {

ProcessTree::ProcessTree(KeeperContext& context, Function<void()> on_gone)
    : context_(context),
      on_gone_(std::move(on_gone)),
      first_slot_(context.workers + static_cast<uint32_t>(context.processes.size())),
      gate_(context, "gate", gate_events()),
      manager_(context, "manager", manager_events()),
      orphans_(context, [this] { on_gone_(); }) {}

KeptProcess::Events ProcessTree::gate_events() {
  KeptProcess::Events events;
  events.prepare = [this] { return begin_gate(); };
  events.run = [this](sys::Fd channel) { run_gate(context_, gate_rows_, std::move(channel)); };
  events.on_message = [this](const ControlMessage& message) { on_gate(message); };
  events.on_gone = [this](const std::string& what) { on_gate_gone(what); };
  return events;
}

KeptProcess::Events ProcessTree::manager_events() {
  KeptProcess::Events events;
  events.prepare = [this] { return begin_manager(); };
  events.run = [this](sys::Fd channel) {
    run_manager(context_, context_.scoreboard->life(manager_rows_[0]), std::move(channel));
  };
  events.on_message = [this](const ControlMessage& message) { on_manager(message); };
  events.on_gone = [this](const std::string& what) { on_manager_gone(what); };
  return events;
}

// ---------------------------------------------------------------- beginning

// What the gate needs is opened here, before rights are dropped, and the first manager finds it open.
Result<void> ProcessTree::start(ControlReply outcome) {
  std::vector<int> keep;
  if (Result<void> prepared = context_.prepare(keep); !prepared) return prepared;
  context_.keep = std::move(keep);
  if (Result<void> started = gate_.start(); !started) return started;
  if (Result<void> started = manager_.start(); !started) {
    gate_.kill("there is no manager");
    return started;
  }
  outcome_ = std::move(outcome);
  if (context_.policy.watchdog_ms) look();
  return {};
}

Result<uint32_t> ProcessTree::begin_life(uint32_t slot) {
  uint64_t now_ms = context_.reactor->clock().now_ms;
  int64_t row = context_.scoreboard->begin_life(slot, 0, now_ms, Keeper::gate);
  if (row < 0) return Error{0, "too many processes are still draining"};
  return static_cast<uint32_t>(row);
}

// Rows that are there are those of one that could not be forked.
Result<void> ProcessTree::begin_gate() {
  end_lives(gate_rows_);
  for (uint32_t thread = 0; thread < context_.wires->threads(); thread++) {
    Result<uint32_t> row = begin_life(first_slot_ + thread);
    if (!row) return row.error();
    gate_rows_.push_back(*row);
  }
  return {};
}

Result<void> ProcessTree::begin_manager() {
  end_lives(manager_rows_);
  Result<uint32_t> row = begin_life(first_slot_ + context_.wires->threads());
  if (!row) return row.error();
  manager_rows_.push_back(*row);
  return {};
}

void ProcessTree::end_lives(std::vector<uint32_t>& rows) {
  for (uint32_t row : std::exchange(rows, {})) {
    Life gone;
    gone.index = row;
    bury(context_, gone, Keeper::gate);
  }
}

void ProcessTree::look_whether_up() {
  if (!outcome_ || stopping_ || !gate_.is_ready() || !manager_.is_ready()) return;
  ControlReply outcome = std::exchange(outcome_, {});
  outcome(true, "");
}

// Whether that is the end of a start.
bool ProcessTree::is_failure(const std::string& what) {
  if (!outcome_ || stopping_) return false;
  ControlReply outcome = std::exchange(outcome_, {});
  outcome(false, what);
  return true;
}

// ---------------------------------------------------------------- what they say

void ProcessTree::on_gate(const ControlMessage& message) {
  if (message.type == ControlMessage::Type::ready) look_whether_up();
}

// Who asks while a generation is coming wants another one behind it.
void ProcessTree::on_manager(const ControlMessage& message) {
  using Type = ControlMessage::Type;
  Here::current().generation = context_.scoreboard->service().generation;
  if (message.type == Type::ready) {
    for (size_t i = 0; i < reloads_.size(); i++) manager_.tell(ControlMessage(Type::reload));
    look_whether_up();
  }
  if (message.type != Type::outcome || reloads_.empty()) return;
  ControlReply reply = std::move(reloads_.front());
  reloads_.erase(reloads_.begin());
  reply(message.argument == 1, message.text);
}

void ProcessTree::reload(ControlReply reply) {
  reloads_.push_back(std::move(reply));
  if (manager_.is_ready()) manager_.tell(ControlMessage(ControlMessage::Type::reload));
}

void ProcessTree::send_log(LogKind kind, LogSink log) {
  ControlMessage message = ControlMessage::of_log(kind, log.priority);
  if (kind == LogKind::access) context_.access_log = log;
  else gate_.tell(message, log.fd);
  manager_.tell(message, log.fd);
}

void ProcessTree::pass_on(int signal) {
  manager_.tell(ControlMessage(ControlMessage::Type::signal, static_cast<uint32_t>(signal)));
}

// ---------------------------------------------------------------- their ends

void ProcessTree::on_child_event(const sys::ChildEvent& event) {
  if (gate_.on_child_event(event)) {
    for (uint32_t row : gate_rows_) context_.scoreboard->life(row).stopped = gate_.is_stopped();
  } else if (manager_.on_child_event(event)) {
    for (uint32_t row : manager_rows_) context_.scoreboard->life(row).stopped = manager_.is_stopped();
  } else {
    orphans_.on_child_event();
  }
}

void ProcessTree::on_gate_gone(const std::string& what) {
  end_lives(gate_rows_);
  if (stopping_) end_manager();
  else if (!is_failure(what)) replace(gate_, what, first_slot_, context_.wires->threads());
  on_gone_();
}

void ProcessTree::on_manager_gone(const std::string& what) {
  end_lives(manager_rows_);
  if (context_.tasks) context_.tasks->end_life(context_.tasks->lives());
  orphans_.adopt();
  for (ControlReply& reply : std::exchange(reloads_, {})) reply(false, what);
  if (!stopping_ && !is_failure(what)) replace(manager_, what, first_slot_ + context_.wires->threads(), 1);
  on_gone_();
}

void ProcessTree::replace(KeptProcess& dead, const std::string& what, uint32_t first_slot, uint32_t slots) {
  uint32_t wait_ms = dead.start_again();
  for (uint32_t slot = first_slot; slot < first_slot + slots; slot++)
    context_.scoreboard->slot(slot).restarts++;
  std::string next = wait_ms ? "the next one starts in " + decimal(wait_ms) + " ms" : "starting another";
  context_.log->line(what + "; " + next);
}

// The turns of the workers are looked at by the manager.
void ProcessTree::look() {
  context_.reactor->timers().arm(look_, context_.reactor->clock().now_ms + kLookMs);
  gate_.watch(gate_rows_);
  manager_.watch(manager_rows_);
}

// ---------------------------------------------------------------- leaving

// Who waits for a task in the gate is told at once that it never begins.
void ProcessTree::stop(uint64_t deadline_ms) {
  if (context_.tasks) drop_tasks(*context_.tasks, *context_.log);
  end(DrainMode::stop, deadline_ms);
}

void ProcessTree::leave(uint64_t deadline_ms) { end(DrainMode::reload, deadline_ms); }

void ProcessTree::end(DrainMode mode, uint64_t deadline_ms) {
  stopping_ = true;
  mode_ = mode;
  deadline_ms_ = deadline_ms;
  gate_.start_no_more();
  manager_.start_no_more();
  if (!gate_.runs()) return end_manager();
  gate_.leave(mode, deadline_ms);
  if (deadline_ms) context_.reactor->timers().arm(gate_deadline_, deadline_ms);
}

// Told again, it may have another deadline.
void ProcessTree::end_manager() {
  uint64_t least_ms = context_.reactor->clock().now_ms + kManagerTimeMs;
  manager_.leave(mode_, deadline_ms_ ? std::max(deadline_ms_, least_ms) : 0);
}

void ProcessTree::kill_all() {
  stopping_ = true;
  gate_.kill("all were ended at once");
  manager_.kill("all were ended at once");
  orphans_.kill_all();
}

}  // namespace oklo
