#include "process/supervisor.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/number.h"
#include "sys/signal_fd.h"
#include "sys/stack_trace.h"
#include "sys/socket_pair.h"

namespace oklo {

namespace {

std::string describe(const Life& life) {
  return "worker " + decimal(life.slot + 1) + " (pid " + decimal(static_cast<uint64_t>(life.pid)) +
         ", generation " + decimal(life.generation) + ")";
}

std::string how_it_ended(const sys::ChildEvent& event) {
  bool killed = event.kind == sys::ChildEvent::Kind::killed;
  return (killed ? "was killed by signal " : "exited with ") + decimal(static_cast<uint64_t>(event.status));
}

}  // namespace

Supervisor::Supervisor(Service& service, uint32_t slots, Events events)
    : service_(service), events_(std::move(events)) {
  for (uint32_t i = 0; i < slots; i++) slots_.push_back(std::make_unique<Slot>(*this, i));
  service_.reactor->timers().arm(look_, service_.reactor->clock().now_ms + kLookMs);
}

Supervisor::~Supervisor() = default;

// ---------------------------------------------------------------- forking

Result<Life*> Supervisor::fork_worker(Slot& slot, uint32_t generation) {
  uint64_t now_ms = service_.reactor->clock().now_ms;
  int64_t index = service_.scoreboard->begin_life(slot.index, generation, now_ms);
  if (index < 0) return Error{0, "too many worker processes are still draining"};
  auto life = std::make_unique<Life>();
  life->index = static_cast<uint32_t>(index);
  life->slot = slot.index;
  life->generation = generation;
  life->started_ms = now_ms;
  Result<sys::SocketPair> pair = sys::SocketPair::create();
  Result<pid_t> pid = pair ? sys::fork_process() : Result<pid_t>(pair.error());
  if (!pid) {
    service_.scoreboard->end_life(life->index);
    return pid.error();
  }
  if (*pid == 0) run_worker(*service_.application, prepare_start(*life, std::move(pair->second)));
  life->pid = *pid;
  service_.scoreboard->life(life->index).pid = *pid;
  listen_to(*life, std::move(pair->first));
  lives_.push_back(std::move(life));
  return lives_.back().get();
}

// What matters of a worker's end is when it is reaped, so the end of its channel says nothing.
void Supervisor::listen_to(Life& life, sys::Fd channel) {
  ControlChannel::Events events;
  events.on_message = [this, &life](const ControlMessage& message, sys::Fd) { on_message(life, message); };
  events.on_end = [] {};
  auto made = ControlChannel::create(*service_.reactor, std::move(channel), std::move(events));
  if (made) life.channel = std::move(made).value();
  else kill(life, made.error().text);
}

WorkerStart Supervisor::prepare_start(const Life& life, sys::Fd channel) const {
  WorkerStart start;
  WorkerContext& context = start.context;
  context.slot = life.slot;
  context.life = life.index;
  context.generation = life.generation;
  context.slots = static_cast<uint32_t>(slots_.size());
  context.row = &service_.scoreboard->life(life.index);
  context.scoreboard = service_.scoreboard;
  context.connections = service_.connections;
  context.broadcast = service_.broadcast;
  context.mail = service_.mail;
  context.log = service_.log;
  context.access_log_fd = service_.access_log_fd;
  context.listeners = service_.listeners->numbers();
  context.addresses = service_.listeners->addresses();
  start.channel = std::move(channel);
  start.keep = service_.keep;
  if (service_.broadcast) service_.broadcast->add_fds(start.keep);
  if (service_.mail) service_.mail->add_fds(start.keep);
  start.changes_user = service_.changes_user;
  start.user = service_.user;
  start.user_was_named = service_.user_was_named;
  start.shutdown_timeout_ms = service_.shutdown_timeout_ms;
  start.policy = service_.policy;
  start.signals = service_.signals;
  return start;
}

Result<void> Supervisor::fork_next(uint32_t generation) {
  for (auto& slot : slots_) {
    Result<Life*> life = fork_worker(*slot, generation);
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
  for (auto& slot : slots_) {
    Life* old = std::exchange(slot->current, std::exchange(slot->next, nullptr));
    generation_ = slot->current->generation;
    service_.reactor->timers().cancel(*slot);
    service_.scoreboard->slot(slot->index).backoff_ms = 0;
    slot->backoff = {};
    if (old) drain(*old, DrainMode::reload, 0);
    if (Life* relief = std::exchange(slot->relief, nullptr)) drain(*relief, DrainMode::reload, 0);
  }
  cover();
  end_oldest_draining();
}

void Supervisor::drop_next() {
  for (auto& slot : slots_)
    if (Life* life = std::exchange(slot->next, nullptr)) kill(*life, "another of its generation failed");
}

// ---------------------------------------------------------------- events of the workers

void Supervisor::on_message(Life& life, const ControlMessage& message) {
  if (life.state != Life::State::starting) return;
  if (message.type == ControlMessage::Type::failed) life.failure = message.text;
  if (message.type != ControlMessage::Type::ready) return;
  life.state = Life::State::ready;
  if (Slot& slot = *slots_[life.slot]; slot.relief == &life) take_over(slot);
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
  if (!life) return;  // An orphan that became ours.
  if (event.kind == Kind::exited || event.kind == Kind::killed) return on_gone(*life, event);
  life->stopped = event.kind == Kind::stopped;
  life->watched.from_ms = service_.reactor->clock().now_ms;
  service_.scoreboard->life(life->index).stopped = life->stopped;
  service_.log->line(describe(*life) + (life->stopped ? " was stopped" : " goes on"));
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
  std::string what = describe(life) + " " + how_it_ended(event) + why;
  bool left = life.state == Life::State::draining && event.wait_status() == 0;
  bool missed = was_current && !stopping_;
  bool coming = (was_next || was_relief) && !stopping_;
  bool wrong = missed || coming || (life.state != Life::State::killed && !left);
  if (was_next) slot.next = nullptr;
  if (was_current) slot.current = std::exchange(slot.relief, nullptr);
  if (was_relief) slot.relief = nullptr;
  if (was_relief) slot.relief_from_ms = service_.reactor->clock().now_ms + kReliefWaitMs;
  if (missed && !slot.current) schedule(slot, life, what);
  else if (wrong) service_.log->line(what);
  if (wrong) service_.application->on_worker_error(life.slot + 1, life.pid, event.wait_status());
  forget(life);
  cover();
  if (was_next) events_.on_next_failed(what);
  events_.on_life_gone();
}

void Supervisor::forget(Life& life) {
  for (auto& slot : slots_)
    if (slot->helper == &life) slot->helper = nullptr;
  service_.connections->reclaim(life.index);
  service_.scoreboard->end_life(life.index);
  std::erase_if(lives_, [&life](auto& one) { return one.get() == &life; });
}

// A dead worker is replaced at once, unless it dies again and again.
void Supervisor::schedule(Slot& slot, const Life& dead, const std::string& what) {
  uint64_t now_ms = service_.reactor->clock().now_ms;
  uint32_t wait_ms = slot.backoff.on_death(now_ms - dead.started_ms);
  if (!any_serves()) wait_ms = std::min(wait_ms, kEmptyWaitMsMax);
  SlotRow& row = service_.scoreboard->slot(slot.index);
  row.restarts++;
  row.backoff_ms = wait_ms;
  std::string next = wait_ms ? "the next one starts in " + decimal(wait_ms) + " ms" : "starting another";
  service_.log->line(what + "; " + next);
  if (wait_ms) service_.reactor->timers().arm(slot, now_ms + wait_ms);
  else service_.reactor->post([this, index = slot.index] { replace(*slots_[index]); });
}

// With no worker that serves, no slot waits long for its next one.
void Supervisor::hasten() {
  if (any_serves()) return;
  uint64_t soon_ms = service_.reactor->clock().now_ms + kEmptyWaitMsMax;
  for (auto& slot : slots_) {
    if (!slot->armed() || slot->expiry_ms() <= soon_ms) continue;
    service_.scoreboard->slot(slot->index).backoff_ms = kEmptyWaitMsMax;
    service_.reactor->timers().arm(*slot, soon_ms);
  }
}

void Supervisor::replace(Slot& slot) {
  if (stopping_ || slot.current) return;
  service_.scoreboard->slot(slot.index).backoff_ms = 0;
  Result<Life*> life = fork_worker(slot, generation_);
  if (life) {
    slot.current = *life;
    return;
  }
  service_.log->line("cannot start worker " + decimal(slot.index + 1) + ": " + life.error().text);
  service_.reactor->timers().arm(slot, service_.reactor->clock().now_ms + kEmptyWaitMsMax);
}

// ---------------------------------------------------------------- leaving

void Supervisor::drain(Life& life, DrainMode mode, uint64_t deadline_ms) {
  if (life.state == Life::State::killed) return;
  life.state = Life::State::draining;
  ControlMessage message;
  message.type = ControlMessage::Type::drain;
  message.argument = static_cast<uint32_t>(mode);
  message.deadline_ms = deadline_ms;
  if (!life.channel || !life.channel->send(message)) kill(life, "it did not take the order to leave");
}

void Supervisor::kill(Life& life, const std::string& why) {
  if (life.state == Life::State::killed) return;
  life.state = Life::State::killed;
  life.failure = why;
  sys::send_signal(life.pid, SIGKILL);
}

void Supervisor::end_oldest_draining() {
  std::set<uint32_t> draining;
  for (auto& life : lives_)
    if (life->state == Life::State::draining) draining.insert(life->generation);
  if (draining.size() <= kDrainingMax) return;
  uint32_t oldest = *draining.begin();
  service_.scoreboard->service().generations_ended++;
  std::string why = "more than " + decimal(kDrainingMax) + " generations were draining";
  service_.log->line("ending generation " + decimal(oldest) + ": " + why);
  for (auto& life : lives_)
    if (life->state == Life::State::draining && life->generation == oldest) kill(*life, why);
}

// One that is stopped goes on, so that it can leave.
void Supervisor::stop(uint64_t deadline_ms) {
  stopping_ = true;
  for (auto& slot : slots_) service_.reactor->timers().cancel(*slot);
  for (auto& life : lives_) {
    drain(*life, DrainMode::stop, deadline_ms);
    if (life->stopped) sys::send_signal(life->pid, SIGCONT);
  }
}

void Supervisor::kill_all() {
  stopping_ = true;
  for (auto& slot : slots_) service_.reactor->timers().cancel(*slot);
  for (auto& life : lives_) kill(*life, "all were ended at once");
}

void Supervisor::pass_on(int signal) {
  for (auto& life : lives_) sys::send_signal(life->pid, signal);
}

void Supervisor::send_access_log(int fd) {
  service_.access_log_fd = fd;
  ControlMessage message;
  message.type = ControlMessage::Type::log;
  for (auto& life : lives_)
    if (life->channel && !life->channel->send(message, fd))
      service_.log->line(describe(*life) + " did not take the new access log");
}

// ---------------------------------------------------------------- health

bool Supervisor::any_serves() const {
  return std::any_of(slots_.begin(), slots_.end(),
                     [](auto& slot) { return slot->current && slot->current->serves(); });
}

// Idle workers sleep without a timeout, so no heartbeat comes from them. A worker is late when connections
// wait for it at two looks and its Reactor has not turned between them.
void Supervisor::look() {
  service_.reactor->timers().arm(look_, service_.reactor->clock().now_ms + kLookMs);
  bool second = ++looks_ % kLooksASecond == 0;
  for (auto& life : lives_) look_at(*life, second);
  for (auto& slot : slots_)
    if (wants_relief(*slot)) relieve(*slot);
  cover();
}

// At its own listeners, or at those that it serves for another.
bool Supervisor::is_waited_for(const Life& life) const {
  return std::any_of(slots_.begin(), slots_.end(), [&](auto& slot) {
    bool serves = slot->index == life.slot || slot->helper == &life;
    return serves && service_.listeners->queue_length(slot->index) > 0;
  });
}

void Supervisor::look_at(Life& life, bool second) {
  LifeRow& row = service_.scoreboard->life(life.index);
  if (second) {
    uint64_t requests = row.requests.value();
    row.rate = static_cast<uint32_t>(requests - std::exchange(life.requests_seen, requests));
  }
  uint64_t turns = row.turns.value();
  bool turned = turns != std::exchange(life.turns_seen, turns);
  bool waited_for = is_waited_for(life);
  if (turned) life.late = false;
  else if (waited_for && life.waited_for && life.state == Life::State::ready) life.late = true;
  life.waited_for = waited_for;
  std::string_view waits = row.full ? " is full: connections wait" : " is late: connections wait";
  if (row.late.exchange(life.late) != life.late)
    service_.log->line(describe(life).append(life.late ? waits : " is in time again"));
  uint64_t age_ms = service_.reactor->clock().now_ms - life.started_ms;
  if (life.state == Life::State::starting && age_ms > kStartTimeMsMax)
    kill(life, "it was not ready within " + decimal(kStartTimeMsMax / 1000) + " s");
  if (service_.policy.watchdog_ms && !life.stopped) watch(life);
}

// The stack is asked for once a turn; the worker has until the next look to tell it.
void Supervisor::watch(Life& life) {
  uint64_t busy_since_ms = service_.scoreboard->life(life.index).busy_since_ms.value();
  uint64_t now_ms = service_.reactor->clock().now_ms;
  Verdict verdict = judge(life.watched, busy_since_ms, now_ms, service_.policy.watchdog_ms);
  if (verdict == Verdict::well) return;
  std::string what = "stuck in one turn for " + decimal(now_ms - busy_since_ms) + " ms";
  if (verdict == Verdict::stuck) {
    service_.log->line(describe(life) + " is " + what);
    sys::send_signal(life.pid, sys::kStackSignal);
  } else if (service_.policy.watchdog_replaces) {
    kill(life, "it was " + what);
  }
}

// Each worker leaves at a number of its own, up to a quarter beyond, so that not all leave at once. One
// that relieved workers of its slot still drain beside serves on.
bool Supervisor::wants_relief(const Slot& slot) const {
  uint64_t max = service_.policy.max_requests;
  bool may_leave = slot.current && slot.current->state == Life::State::ready && !slot.relief && !slot.next;
  if (max == 0 || stopping_ || !may_leave) return false;
  if (service_.reactor->clock().now_ms < slot.relief_from_ms) return false;
  uint64_t own_max = max + static_cast<uint32_t>(slot.current->pid) * 2654435761u % (max / 4 + 1);
  if (service_.scoreboard->life(slot.current->index).requests.value() < own_max) return false;
  size_t draining = std::count_if(lives_.begin(), lives_.end(), [&slot](auto& life) {
    return life->slot == slot.index && life->state == Life::State::draining;
  });
  return draining < kDrainingMax;
}

void Supervisor::relieve(Slot& slot) {
  Result<Life*> life = fork_worker(slot, generation_);
  if (life) {
    slot.relief = *life;
    return;
  }
  service_.log->line("cannot relieve worker " + decimal(slot.index + 1) + ": " + life.error().text);
  slot.relief_from_ms = service_.reactor->clock().now_ms + kReliefWaitMs;
}

void Supervisor::take_over(Slot& slot) {
  Life* old = std::exchange(slot.current, std::exchange(slot.relief, nullptr));
  uint64_t requests = service_.scoreboard->life(old->index).requests.value();
  service_.log->line(describe(*old) + " leaves after " + decimal(requests) + " requests");
  drain(*old, DrainMode::reload, 0);
}

void Supervisor::cover() {
  if (stopping_) return;
  for (auto& slot : slots_) cover_slot(*slot);
  hasten();
}

void Supervisor::cover_slot(Slot& slot) {
  bool wanted = !slot.current || !slot.current->serves();
  if (slot.helper && (!wanted || !slot.helper->serves())) {
    tell(*slot.helper, ControlMessage::Type::leave, slot.index);
    slot.helper = nullptr;
  }
  if (!wanted || slot.helper) return;
  slot.helper = helper_for(slot);
  if (slot.helper) tell(*slot.helper, ControlMessage::Type::serve, slot.index);
}

void Supervisor::tell(Life& life, ControlMessage::Type type, uint32_t slot) {
  ControlMessage message;
  message.type = type;
  message.argument = slot;
  if (life.channel) life.channel->send(message);
}

// The next slot whose worker is well.
Life* Supervisor::helper_for(const Slot& slot) const {
  for (size_t i = 1; i < slots_.size(); i++) {
    const Slot& other = *slots_[(slot.index + i) % slots_.size()];
    if (other.current && other.current->serves()) return other.current;
  }
  return nullptr;
}

}  // namespace oklo
