#include "process/gate.h"

#include <memory>
#include <utility>

#include "base/number.h"
#include "process/control_channel.h"
#include "process/settle.h"
#include "process/watch_turn.h"
#include "process/worker.h"
#include "sys/file.h"
#include "sys/memory.h"
#include "sys/process.h"
#include "sys/socket_pair.h"
#include "sys/thread.h"

namespace oklo {

namespace {

class Gate {
 public:
  Gate(const KeeperContext& master, const std::vector<uint32_t>& rows, sys::Fd channel)
      : master_(master),
        rows_(rows),
        end_(std::move(channel)),
        listeners_(master.listeners->numbers()),
        log_(master.log->sink(), "gate") {}

  int run();

 private:
  // A thread, as the gate sees it. What it lives on outlives it.
  struct Place {
    Place(LogSink sink, const std::string& name) : log(sink, name) {}
    Log log;
    std::unique_ptr<ControlChannel> channel;
    std::vector<sys::Thread> thread;  // one at most
    bool drained = false;
  };

  Result<void> begin();
  void settle_as_gate();
  ThreadTurn& own_turn() { return master_.scoreboard->life(rows_.front()).first_thread; }
  Result<std::unique_ptr<ControlChannel>> hear(sys::Fd end,
                                               Function<void(const ControlMessage&, sys::Fd)> on_message,
                                               Function<void()> on_end);
  Result<void> start_thread(uint32_t number);
  WorkerStart start_of(uint32_t number, Log& log, sys::Fd channel);
  void on_master(const ControlMessage& message, const sys::Fd& passed);
  void on_thread(Place& place, const ControlMessage& message);
  void on_thread_gone(const Place& place);
  void pass_on(const ControlMessage& message, int passed_fd = -1);
  void on_master_gone();
  void on_all_left();
  void on_all_drained();
  bool all(uint32_t& count) { return ++count == rows_.size(); }

  const KeeperContext& master_;
  const std::vector<uint32_t> rows_;
  sys::Fd end_;
  std::vector<std::vector<int>> listeners_;
  Log log_;
  std::unique_ptr<Reactor> reactor_;
  std::unique_ptr<ControlChannel> channel_;
  std::vector<std::unique_ptr<Place>> places_;
  uint32_t ready_ = 0;
  uint32_t left_ = 0;
  uint32_t drained_ = 0;
};

int Gate::run() {
  if (Result<void> begun = begin(); !begun) {
    ControlMessage message(ControlMessage::Type::failed, 0, begun.error().text);
    if (!channel_ || !channel_->send(message)) log_.line("cannot start: " + begun.error().text);
    return 1;
  }
  if (master_.policy.watchdog_ms) answer_watchdog(own_turn(), log_, "gate");
  reactor_->run();
  return 0;
}

Result<void> Gate::begin() {
  settle_as_gate();
  Result<std::unique_ptr<Reactor>> reactor = Reactor::create(sys::file_limit());
  if (!reactor) return reactor.error();
  reactor_ = std::move(reactor).value();
  reactor_->tell_busy(own_turn().busy_since_ms);
  auto channel = hear(
      std::move(end_),
      [this](const ControlMessage& message, sys::Fd passed) { on_master(message, passed); },
      [this] { on_master_gone(); });
  if (!channel) return channel.error();
  channel_ = std::move(channel).value();
  if (Result<void> dropped = drop_rights(master_.rights, "gate", log_); !dropped) return dropped;
  for (uint32_t number = 0; number < rows_.size(); number++)
    if (Result<void> started = start_thread(number); !started) return started;
  return {};
}

void Gate::settle_as_gate() {
  for (uint32_t row : rows_) master_.scoreboard->life(row).pid = sys::current_pid();
  sys::return_large_blocks();
  std::vector<int> keep = master_.keep;
  for (const auto& of_address : listeners_) keep.insert(keep.end(), of_address.begin(), of_address.end());
  keep.push_back(end_.get());
  master_.wires->add_gate_ends(keep);
  master_.broadcast->add_fds(keep);
  settle("gate", std::move(keep), log_);
}

Result<std::unique_ptr<ControlChannel>> Gate::hear(
    sys::Fd end, Function<void(const ControlMessage&, sys::Fd)> on_message, Function<void()> on_end) {
  ControlChannel::Events events;
  events.on_message = std::move(on_message);
  events.on_end = std::move(on_end);
  return ControlChannel::create(*reactor_, std::move(end), std::move(events));
}

Result<void> Gate::start_thread(uint32_t number) {
  std::string name = "gate " + decimal(number + 1);
  Place& place = *places_.emplace_back(std::make_unique<Place>(log_.sink(), name));
  Result<sys::SocketPair> pair = sys::SocketPair::create();
  if (!pair) return pair.error();
  auto channel = hear(
      std::move(pair->first),
      [this, &place](const ControlMessage& message, sys::Fd) { on_thread(place, message); },
      [this, &place] { on_thread_gone(place); });
  if (!channel) return channel.error();
  place.channel = std::move(channel).value();
  auto start = std::make_unique<WorkerStart>(start_of(number, place.log, std::move(pair->second)));
  auto life = [this, with = std::move(start)] {
    run_gate_thread(*master_.application, std::move(*with));
  };
  Result<sys::Thread> thread = sys::Thread::start("oklo: " + name, std::move(life));
  if (!thread) return thread.error();
  place.thread.push_back(std::move(thread).value());
  return {};
}

// It answers nothing, so it has no access log.
WorkerStart Gate::start_of(uint32_t number, Log& log, sys::Fd channel) {
  WorkerStart start;
  WorkerContext& context = start.context;
  uint32_t row = rows_[number];
  context.role = Role::gate_thread;
  context.slot = master_.scoreboard->life(row).slot;
  context.name = "gate " + decimal(number + 1);
  context.life = row;
  context.slots = master_.workers;
  context.row = &master_.scoreboard->life(row);
  context.scoreboard = master_.scoreboard;
  context.connections = master_.connections;
  context.address_table = master_.address_table;
  context.broadcast = master_.broadcast;
  context.log = &log;
  context.wires = master_.wires;
  context.states = master_.states;
  context.threads = static_cast<uint32_t>(rows_.size());
  context.thread = number;
  context.listeners = listeners_;
  context.addresses = master_.addresses;
  start.channel = std::move(channel);
  start.policy = master_.policy;
  start.shutdown_timeout_ms = master_.shutdown_timeout_ms;
  return start;
}

// ---------------------------------------------------------------- what is said

void Gate::on_master(const ControlMessage& message, const sys::Fd& passed) {
  if (message.type == ControlMessage::Type::drain) pass_on(message);
  if (message.type != ControlMessage::Type::log || !passed) return;
  take_error_log(log_, passed.get(), message.log_priority());
  pass_on(message, passed.get());
}

void Gate::pass_on(const ControlMessage& message, int passed_fd) {
  for (auto& place : places_)
    if (!place->drained && !place->channel->send(message, passed_fd))
      log_.line(place->log.name() + " does not hear");
}

void Gate::on_thread(Place& place, const ControlMessage& message) {
  using Type = ControlMessage::Type;
  switch (message.type) {
    case Type::ready:
      if (all(ready_)) channel_->send(ControlMessage(Type::ready));
      return;
    case Type::failed:
      channel_->send(message);
      sys::exit_now(1);
    case Type::left:
      if (all(left_)) on_all_left();
      return;
    case Type::drained:
      place.drained = true;
      if (all(drained_)) on_all_drained();
      return;
    default: return;
  }
}

// Without one of its threads the gate is not whole.
void Gate::on_thread_gone(const Place& place) {
  if (place.drained) return;
  channel_->send(ControlMessage(ControlMessage::Type::failed, 0, place.log.name() + " ended"));
  sys::exit_now(1);
}

void Gate::on_master_gone() {
  log_.line("the master is gone, leaving");
  ControlMessage message(ControlMessage::Type::drain, static_cast<uint32_t>(DrainMode::stop));
  message.deadline_ms = reactor_->clock().now_ms + master_.shutdown_timeout_ms;
  pass_on(message);
}

// A listener that stayed open would go on taking connections that no one accepts. No thread uses them now.
void Gate::on_all_left() {
  for (auto& of_address : listeners_)
    for (int listener : of_address) sys::Fd(listener).reset();
  listeners_.clear();
}

// What they have said last is that they end.
void Gate::on_all_drained() {
  for (auto& place : places_) place->thread.clear();
  channel_->send(ControlMessage(ControlMessage::Type::drained));
  reactor_->stop();
}

}  // namespace

void run_gate(const KeeperContext& master, const std::vector<uint32_t>& rows, sys::Fd channel) {
  Gate gate(master, rows, std::move(channel));
  sys::exit_now(gate.run());
}

}  // namespace oklo
