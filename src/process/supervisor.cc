#include "process/supervisor.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/number.h"
#include "process/bury.h"
#include "process/fork_life.h"
#include "process/task_judge.h"
#include "process/watch_turn.h"
#include "sys/signal_fd.h"

namespace oklo {

static bool does_tasks(const Slot& slot) { return slot.process && slot.process->task_worker; }

Supervisor::Supervisor(KeeperContext& context, Events events)
    : context_(context),
      events_(std::move(events)),
      cover_(context.listeners, context.wires, *context.log),
      readers_(*context.reactor, *context.scoreboard) {
  for (uint32_t i = 0; i < context.workers; i++) {
    add_slot(nullptr, "worker " + decimal(i + 1));
    cover_.add(*slots_[i]);
    readers_.add(*slots_[i]);
  }
  for (const ProcessSpec& process : context_.processes) add_slot(&process, process.name);
  context_.reactor->timers().arm(look_, context_.reactor->clock().now_ms + kLookMs);
}

Supervisor::~Supervisor() = default;

void Supervisor::add_slot(const ProcessSpec* process, std::string name) {
  uint32_t index = static_cast<uint32_t>(slots_.size());
  slots_.push_back(
      std::make_unique<Slot>(index, process, std::move(name), [this](Slot& slot) { replace(slot); }));
}

// ---------------------------------------------------------------- forking

Result<Life*> Supervisor::fork(Slot& slot, uint32_t generation) {
  auto hear = [this](Life& life, const ControlMessage& message) { on_message(life, message); };
  Result<std::unique_ptr<Life>> life = fork_life(context_, slot, generation, hear);
  if (!life) return life.error();
  lives_.push_back(std::move(life).value());
  return lives_.back().get();
}

Result<void> Supervisor::fork_next(uint32_t generation) {
  for (auto& slot : slots_) {
    Result<Life*> life = fork(*slot, generation);
    if (!life) {
      drop_next();
      return life.error();
    }
    slot->next = *life;
  }
  return {};
}

bool Supervisor::next_ready() const {
  return std::all_of(slots_.begin(), slots_.end(),
                     [](auto& slot) { return slot->next && slot->next->state == Life::State::ready; });
}

void Supervisor::promote() {
  uint32_t timeout_ms = context_.shutdown_timeout_ms;
  uint64_t leave_by = timeout_ms ? context_.reactor->clock().now_ms + timeout_ms : 0;
  for (auto& slot : slots_) {
    Life* old = std::exchange(slot->current, std::exchange(slot->next, nullptr));
    generation_ = slot->current->generation;
    context_.reactor->timers().cancel(*slot);
    context_.scoreboard->slot(slot->index).backoff_ms = 0;
    context_.scoreboard->slot(slot->index).over = false;
    slot->backoff = {};
    if (old) drain(*old, DrainMode::reload, leave_by);
    if (slot->process) slot->current->tell(ControlMessage::Type::serve, slot->index);
    if (Life* relief = std::exchange(slot->relief, nullptr)) drain(*relief, DrainMode::reload, leave_by);
  }
  cover();
  end_oldest_draining();
}

void Supervisor::drop_next() {
  for (auto& slot : slots_)
    if (Life* life = std::exchange(slot->next, nullptr)) life->kill("another of its generation failed");
}

// ---------------------------------------------------------------- events of the lives

// A process of the program's own is ready before it begins: only what takes over may do anything.
void Supervisor::on_message(Life& life, const ControlMessage& message) {
  if (message.type == ControlMessage::Type::left) return cover();
  if (life.state != Life::State::starting) return;
  if (message.type == ControlMessage::Type::failed) life.failure = message.text;
  if (message.type != ControlMessage::Type::ready) return;
  life.state = Life::State::ready;
  Slot& slot = *slots_[life.slot];
  if (slot.relief == &life) take_over(slot);
  if (slot.process && slot.current == &life) life.tell(ControlMessage::Type::serve, slot.index);
  cover();
  events_.on_ready();
}

Life* Supervisor::find(pid_t pid) const {
  for (auto& life : lives_)
    if (life->pid == pid) return life.get();
  return nullptr;
}

void Supervisor::on_child_event(const sys::ChildEvent& event) {
  using Kind = sys::ChildEvent::Kind;
  Life* life = find(event.pid);
  if (!life) return;  // An orphan that became ours, or of another tree.
  if (event.kind == Kind::exited || event.kind == Kind::killed) return on_gone(*life, event);
  life->stopped = event.kind == Kind::stopped;
  life->watched.from_ms = context_.reactor->clock().now_ms;
  context_.scoreboard->life(life->index).stopped = life->stopped;
  context_.log->line(life->describe() + (life->stopped ? " was stopped" : " goes on"));
  cover();
}

// That one which was told to leave does so is no news.
void Supervisor::on_gone(Life& life, const sys::ChildEvent& event) {
  if (life.channel) life.channel->receive_rest();
  Slot& slot = *slots_[life.slot];
  bool was_next = slot.next == &life;
  bool was_current = slot.current == &life;
  bool was_relief = slot.relief == &life;
  std::string why = life.failure.empty() ? "" : ": " + life.failure;
  std::string what = life.describe() + " " + event.how() + why;
  bool left = life.state == Life::State::draining && event.wait_status() == 0;
  bool missed = was_current && replaces(slot);
  bool coming = (was_next || was_relief) && replaces(slot);
  bool wrong = missed || coming || (life.state != Life::State::killed && !left);
  if (was_next) slot.next = nullptr;
  if (was_current) slot.current = std::exchange(slot.relief, nullptr);
  if (was_relief) slot.relief = nullptr;
  if (was_relief) slot.relief_from_ms = context_.reactor->clock().now_ms + kReliefWaitMs;
  if (missed && !slot.current) on_missed(slot, life, event.wait_status(), what);
  else if (wrong) context_.log->line(what);
  uint32_t worker = wrong && life.is_worker ? life.slot + 1 : 0;
  forget(life);
  if (worker) context_.application->on_worker_error(worker, event.pid, event.wait_status());
  cover();
  if (was_next) events_.on_next_failed(what);
  end_when_left();
  events_.on_life_gone();
}

void Supervisor::forget(Life& life) {
  cover_.forget(life);
  bury(context_, life, Keeper::workers);
  std::erase_if(lives_, [&life](auto& one) { return one.get() == &life; });
}

// A process of the program's own may end for good.
void Supervisor::on_missed(Slot& slot, const Life& dead, int wait_status, const std::string& what) {
  ProcessRestart restart = slot.process ? slot.process->restart : ProcessRestart::always;
  bool fails = wait_status != 0;
  bool again = restart == ProcessRestart::always || (restart == ProcessRestart::on_failure && fails);
  if (again) return schedule(slot, dead, what);
  context_.scoreboard->slot(slot.index).over = true;
  context_.log->line(what + "; it is not started again");
}

// The dead is replaced at once, unless it dies again and again.
void Supervisor::schedule(Slot& slot, const Life& dead, const std::string& what) {
  uint64_t now_ms = context_.reactor->clock().now_ms;
  // A task worker that has worked was well: what killed it was a task.
  bool worked = does_tasks(slot) && requests_of(dead) > 0;
  uint32_t wait_ms = slot.backoff.on_death(worked ? Backoff::kHealthyMs : now_ms - dead.started_ms);
  if (does_tasks(slot)) wait_ms = std::min(wait_ms, kEmptyWaitMsMax);
  // In process mode no other may read what waits in its wires.
  bool hurries = context_.wires || !cover_.any_serves();
  if (!slot.process && hurries) wait_ms = std::min(wait_ms, kEmptyWaitMsMax);
  SlotRow& row = context_.scoreboard->slot(slot.index);
  row.restarts++;
  row.backoff_ms = wait_ms;
  std::string next = wait_ms ? "the next one starts in " + decimal(wait_ms) + " ms" : "starting another";
  context_.log->line(what + "; " + next);
  if (wait_ms) context_.reactor->timers().arm(slot, now_ms + wait_ms);
  else context_.reactor->post([this, index = slot.index] { replace(*slots_[index]); });
}

// With no worker that serves, no slot of workers waits long for its next one.
void Supervisor::hasten() {
  if (cover_.any_serves()) return;
  uint64_t soon_ms = context_.reactor->clock().now_ms + kEmptyWaitMsMax;
  for (auto& slot : slots_) {
    if (slot->process || !slot->armed() || slot->expiry_ms() <= soon_ms) continue;
    context_.scoreboard->slot(slot->index).backoff_ms = kEmptyWaitMsMax;
    context_.reactor->timers().arm(*slot, soon_ms);
  }
}

bool Supervisor::replaces(const Slot& slot) const {
  return !stopping_ && (!leaving_ || does_tasks(slot));
}

void Supervisor::replace(Slot& slot) {
  if (!replaces(slot) || slot.current) return;
  context_.scoreboard->slot(slot.index).backoff_ms = 0;
  Result<Life*> life = fork(slot, generation_);
  if (life) {
    slot.current = *life;
    return;
  }
  context_.log->line("cannot start " + slot.name + ": " + life.error().text);
  context_.reactor->timers().arm(slot, context_.reactor->clock().now_ms + kEmptyWaitMsMax);
}

// ---------------------------------------------------------------- leaving

// Nothing keeps a process of the program's own but that it does not hear: it always has a deadline.
void Supervisor::drain(Life& life, DrainMode mode, uint64_t deadline_ms) {
  if (life.state == Life::State::killed) return;
  life.state = Life::State::draining;
  if (!life.is_worker) {
    if (!deadline_ms) deadline_ms = context_.reactor->clock().now_ms + context_.shutdown_timeout_ms;
    life.leave_by_ms = life.leave_by_ms ? std::min(life.leave_by_ms, deadline_ms) : deadline_ms;
  }
  if (life.is_worker && deadline_ms && mode == DrainMode::reload)
    life.leave_by_ms = deadline_ms + kKillAfterMs;
  if (life.reads_wires && !life.let_go_by_ms)
    life.let_go_by_ms = context_.reactor->clock().now_ms + context_.shutdown_timeout_ms;
  ControlMessage message(ControlMessage::Type::drain, static_cast<uint32_t>(mode));
  message.deadline_ms = deadline_ms;
  if (!life.channel || !life.channel->send(message)) life.kill("it did not take the order to leave");
}

void Supervisor::end_oldest_draining() {
  std::set<uint32_t> draining;
  for (auto& life : lives_)
    if (life->state == Life::State::draining) draining.insert(life->generation);
  if (draining.size() <= kDrainingMax) return;
  uint32_t oldest = *draining.begin();
  context_.scoreboard->service().generations_ended++;
  std::string why = "more than " + decimal(kDrainingMax) + " generations were draining";
  context_.log->line("ending generation " + decimal(oldest) + ": " + why);
  for (auto& life : lives_)
    if (life->state == Life::State::draining && life->generation == oldest) life->kill(why);
}

// One that is stopped goes on, so that it can leave.
void Supervisor::stop(uint64_t deadline_ms) {
  stopping_ = true;
  if (context_.tasks) drop_tasks(*context_.tasks, *context_.log);
  for (auto& slot : slots_) context_.reactor->timers().cancel(*slot);
  for (auto& life : lives_) {
    drain(*life, DrainMode::stop, deadline_ms);
    if (life->stopped) sys::send_signal(life->pid, SIGCONT);
  }
}

// Those of a generation that was coming, too.
void Supervisor::leave(uint64_t deadline_ms) {
  leaving_ = true;
  leave_by_ms_ = deadline_ms;
  for (auto& life : lives_) {
    if (replaces(*slots_[life->slot])) continue;
    context_.reactor->timers().cancel(*slots_[life->slot]);
    drain(*life, DrainMode::reload, deadline_ms);
    if (life->stopped) sys::send_signal(life->pid, SIGCONT);
  }
  end_when_left();
}

// Who is left does tasks alone, and whoever could ask for one is gone.
void Supervisor::end_when_left() {
  if (!leaving_ || stopping_) return;
  bool overdue = leave_by_ms_ && context_.reactor->clock().now_ms >= leave_by_ms_;
  bool alone = std::all_of(lives_.begin(), lives_.end(),
                           [this](auto& life) { return replaces(*slots_[life->slot]); });
  TaskCounts tasks = alone && context_.tasks ? context_.tasks->counts() : TaskCounts();
  if (overdue || (alone && tasks.queued + tasks.running == 0)) stop(leave_by_ms_);
}

void Supervisor::kill_all() {
  stopping_ = true;
  for (auto& slot : slots_) context_.reactor->timers().cancel(*slot);
  for (auto& life : lives_) life->kill("all were ended at once");
}

void Supervisor::pass_on(int signal) {
  for (auto& life : lives_) sys::send_signal(life->pid, signal);
}

// Workers alone write the access log.
void Supervisor::send_log(LogKind kind, LogSink log) {
  if (kind == LogKind::access) context_.access_log = log;
  for (auto& life : lives_) {
    if (!life->channel || (kind == LogKind::access && !life->is_worker)) continue;
    if (!life->channel->send(ControlMessage::of_log(kind, log.priority), log.fd))
      context_.log->line(life->describe() + " did not take the new log");
  }
}

// ---------------------------------------------------------------- health

void Supervisor::look() {
  context_.reactor->timers().arm(look_, context_.reactor->clock().now_ms + kLookMs);
  bool second = ++looks_ % kLooksASecond == 0;
  if (second && context_.tasks) context_.tasks->wake();
  for (auto& life : lives_) look_at(*life, second);
  for (auto& slot : slots_)
    if (wants_relief(*slot)) relieve(*slot);
  cover();
  end_when_left();
}

void Supervisor::look_at(Life& life, bool second) {
  LifeRow& row = context_.scoreboard->life(life.index);
  if (second) {
    uint64_t requests = row.requests.value();
    row.rate = static_cast<uint32_t>(requests - std::exchange(life.requests_seen, requests));
  }
  look_at_time(life);
  look_at_wires(life, row);
  if (!life.is_worker && context_.tasks && !life.stopped) look_at_task(life);
  if (!life.is_worker) return;
  if (row.broken.load()) life.kill("it said what no worker says");
  cover_.look_at(life, row);
  if (context_.policy.watchdog_ms && !life.stopped)
    watch_turn(context_, life, row, life.watched, life.describe());
}

void Supervisor::look_at_time(Life& life) {
  uint64_t now_ms = context_.reactor->clock().now_ms;
  if (life.state == Life::State::starting && now_ms > life.started_ms + kStartTimeMsMax)
    life.kill("it was not ready within " + decimal(kStartTimeMsMax / 1000) + " s");
  if (life.state == Life::State::draining && life.leave_by_ms && now_ms > life.leave_by_ms) {
    context_.log->line(life.describe() + " did not leave in time, it is killed");
    life.kill("it did not leave in time");
  }
}

void Supervisor::look_at_task(Life& life) {
  const LifeRow& row = context_.scoreboard->life(life.index);
  std::string why = overdue_task(row, *context_.tasks, context_.reactor->clock().now_ms);
  if (!why.empty()) life.kill(why);
}

// Its successor waits for the wires.
void Supervisor::look_at_wires(Life& life, const LifeRow& row) {
  if (!life.let_go_by_ms || !row.reads_wires || life.state != Life::State::draining) return;
  if (context_.reactor->clock().now_ms <= life.let_go_by_ms) return;
  context_.log->line(life.describe() + " did not let go of its wires in time, it is killed");
  life.kill("it did not let go of its wires in time");
}

// Each worker leaves at a number of its own, up to a quarter beyond, so that not all leave at once. One
// that relieved workers of its slot still drain beside serves on.
bool Supervisor::wants_relief(const Slot& slot) const {
  uint64_t max = requests_max(slot);
  bool may_leave = slot.current && slot.current->state == Life::State::ready &&
                   !slot.relief && !slot.next;
  if (max == 0 || !replaces(slot) || !may_leave) return false;
  if (context_.reactor->clock().now_ms < slot.relief_from_ms) return false;
  uint64_t own_max = max + static_cast<uint32_t>(slot.current->pid) * 2654435761u % (max / 4 + 1);
  if (requests_of(*slot.current) < own_max) return false;
  size_t draining = std::count_if(lives_.begin(), lives_.end(), [&slot](auto& life) {
    return life->slot == slot.index && life->state == Life::State::draining;
  });
  return draining < kDrainingMax;
}

uint64_t Supervisor::requests_max(const Slot& slot) const {
  if (!slot.process) return context_.policy.max_requests;
  return does_tasks(slot) ? context_.policy.task_max_requests : 0;
}

uint64_t Supervisor::requests_of(const Life& life) const {
  const LifeRow& row = context_.scoreboard->life(life.index);
  if (life.is_worker) return row.requests.value();
  return row.tasks_done.value() + row.tasks_failed.value();
}

void Supervisor::relieve(Slot& slot) {
  Result<Life*> life = fork(slot, generation_);
  if (life) {
    slot.relief = *life;
    return;
  }
  context_.log->line("cannot relieve " + slot.name + ": " + life.error().text);
  slot.relief_from_ms = context_.reactor->clock().now_ms + kReliefWaitMs;
}

void Supervisor::take_over(Slot& slot) {
  Life* old = std::exchange(slot.current, std::exchange(slot.relief, nullptr));
  std::string_view what = old->is_worker ? " requests" : " tasks";
  context_.log->line((old->describe() + " leaves after " + decimal(requests_of(*old))).append(what));
  drain(*old, DrainMode::reload, 0);
}

void Supervisor::cover() {
  if (stopping_ || leaving_) return;
  if (context_.wires) readers_.update();
  else cover_.update();
  hasten();
}

}  // namespace oklo
