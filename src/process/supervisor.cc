#include "process/supervisor.h"

#include <algorithm>
#include "sys/signal_fd.h"
#include <set>

#include "base/number.h"
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
  ControlChannel::Events events;
  Life* raw = life.get();
  events.on_message = [this, raw](const ControlMessage& message, sys::Fd) { on_message(*raw, message); };
  events.on_end = [] {};  // What matters is when the process is reaped.
  auto channel = ControlChannel::create(*service_.reactor, std::move(pair->first), std::move(events));
  if (channel) life->channel = std::move(channel).value();
  else sys::send_signal(life->pid, SIGKILL);
  lives_.push_back(std::move(life));
  return raw;
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
  context.log = service_.log;
  context.access_log_fd = service_.access_log_fd;
  context.listeners = service_.listeners->numbers();
  context.addresses = service_.listeners->addresses();
  start.channel = std::move(channel);
  start.keep = service_.keep;
  start.changes_user = service_.changes_user;
  start.user = service_.user;
  start.shutdown_timeout_ms = service_.shutdown_timeout_ms;
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
  }
  cover();
  end_oldest_draining();
}

void Supervisor::drop_next() {
  for (auto& slot : slots_)
    if (Life* life = std::exchange(slot->next, nullptr)) {
      life->state = Life::State::draining;
      sys::send_signal(life->pid, SIGKILL);
    }
}

// ---------------------------------------------------------------- events of the workers

void Supervisor::on_message(Life& life, const ControlMessage& message) {
  if (message.type != ControlMessage::Type::ready || life.state != Life::State::starting) return;
  life.state = Life::State::ready;
  cover();
  events_.on_ready(life);
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
  if (event.kind == Kind::exited || event.kind == Kind::killed) return on_gone(*life, how_it_ended(event));
  life->stopped = event.kind == Kind::stopped;
  service_.scoreboard->life(life->index).stopped = life->stopped;
  service_.log->line(describe(*life) + (life->stopped ? " was stopped" : " goes on"));
  cover();
}

void Supervisor::on_gone(Life& life, const std::string& how) {
  Slot& slot = *slots_[life.slot];
  bool was_next = slot.next == &life;
  bool was_current = slot.current == &life;
  if (was_next) slot.next = nullptr;
  if (was_current) slot.current = nullptr;
  if (was_current && !stopping_) schedule(slot, life, how);
  if (was_next) {
    service_.log->line(describe(life) + " " + how + " before it was ready");
    events_.on_next_failed(life, describe(life) + " " + how + " before it was ready");
  }
  forget(life);
  cover();
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
void Supervisor::schedule(Slot& slot, const Life& dead, const std::string& how) {
  uint64_t now_ms = service_.reactor->clock().now_ms;
  uint32_t wait_ms = slot.backoff.on_death(now_ms - dead.started_ms);
  if (!any_serves()) wait_ms = std::min(wait_ms, kEmptyWaitMsMax);
  SlotRow& row = service_.scoreboard->slot(slot.index);
  row.restarts++;
  row.backoff_ms = wait_ms;
  std::string text = describe(dead) + " " + how + ", ";
  service_.log->line(text +
                     (wait_ms ? "the next one starts in " + decimal(wait_ms) + " ms" : "starting another"));
  if (wait_ms) service_.reactor->timers().arm(slot, now_ms + wait_ms);
  else service_.reactor->post([this, index = slot.index] { replace(*slots_[index]); });
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
  life.state = Life::State::draining;
  ControlMessage message{ControlMessage::Type::drain, static_cast<uint32_t>(mode), deadline_ms};
  if (!life.channel || !life.channel->send(message)) sys::send_signal(life.pid, SIGKILL);
}

void Supervisor::end_oldest_draining() {
  std::set<uint32_t> draining;
  for (auto& life : lives_)
    if (life->state == Life::State::draining) draining.insert(life->generation);
  if (draining.size() <= kDrainingMax) return;
  uint32_t oldest = *draining.begin();
  service_.scoreboard->service().generations_ended++;
  service_.log->line("generation " + decimal(oldest) + " is ended: more than " + decimal(kDrainingMax) +
                     " were draining");
  for (auto& life : lives_)
    if (life->state == Life::State::draining && life->generation == oldest)
      sys::send_signal(life->pid, SIGKILL);
}

void Supervisor::stop(uint64_t deadline_ms) {
  stopping_ = true;
  for (auto& slot : slots_) service_.reactor->timers().cancel(*slot);
  for (auto& life : lives_) drain(*life, DrainMode::stop, deadline_ms);
}

void Supervisor::kill_all() {
  stopping_ = true;
  for (auto& life : lives_) sys::send_signal(life->pid, SIGKILL);
}

void Supervisor::send_access_log(int fd) {
  service_.access_log_fd = fd;
  for (auto& life : lives_)
    if (life->channel) life->channel->send({ControlMessage::Type::log}, fd);
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
  cover();
}

void Supervisor::look_at(Life& life, bool second) {
  LifeRow& row = service_.scoreboard->life(life.index);
  if (second) {
    uint64_t requests = row.requests.value();
    row.rate = static_cast<uint32_t>(requests - std::exchange(life.requests_seen, requests));
  }
  uint64_t turns = row.turns.value();
  bool turned = turns != std::exchange(life.turns_seen, turns);
  bool waited_for = service_.listeners->queue_length(life.slot) > 0;
  if (turned) life.late = false;
  else if (waited_for && life.waited_for && life.state == Life::State::ready) life.late = true;
  life.waited_for = waited_for;
  if (row.late.exchange(life.late) != life.late)
    service_.log->line(describe(life) + (life.late ? " is late: connections wait" : " is in time again"));
}

void Supervisor::cover() {
  if (stopping_) return;
  for (auto& slot : slots_) cover_slot(*slot);
}

void Supervisor::cover_slot(Slot& slot) {
  bool wanted = !slot.current || !slot.current->serves();
  if (slot.helper && (!wanted || !slot.helper->serves())) {
    slot.helper->channel->send({ControlMessage::Type::leave, slot.index});
    slot.helper = nullptr;
  }
  if (!wanted || slot.helper) return;
  slot.helper = helper_for(slot);
  if (slot.helper) slot.helper->channel->send({ControlMessage::Type::serve, slot.index});
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
