#include "process/deployment.h"

#include <algorithm>
#include <utility>

#include "base/number.h"
#include "process/carry.h"
#include "process/here.h"
#include "process/process_tree.h"
#include "process/worker_tree.h"
#include "sys/process.h"

namespace oklo {

namespace {

constexpr uint32_t kKillAfterMs = 1000;  // beyond the deadline that the processes have themselves

uint32_t workers_of(const MasterOptions& options) {
  return options.workers ? options.workers : sys::usable_processors();
}

// Open files of a process that has its part of the connections, with room for all else that it opens: most of
// that are the bells of the lives. 0: as it comes.
uint64_t files_wanted(const MasterOptions& options, uint32_t slots) {
  constexpr uint64_t kOthers = 2048, kOfSlot = 16;
  if (options.connections_max == 0) return 0;
  uint64_t connections = options.has_gate ? options.connections_max : options.connections_max / slots + 1;
  return connections + kOthers + kOfSlot * (slots + options.processes.size());
}

uint32_t threads_of(const MasterOptions& options) {
  if (!options.has_gate) return 0;
  return options.reactor_threads ? options.reactor_threads : std::max(1u, sys::usable_processors() / 2);
}

}  // namespace

// ---------------------------------------------------------------- the beginning

Result<std::unique_ptr<Deployment>> Deployment::create(const Ground& ground, Plan plan,
                                                       const Deployment* before, Function<void()> on_gone) {
  std::unique_ptr<Deployment> made(new Deployment(ground, std::move(plan), before));
  if (Result<void> opened = made->open(before); !opened) {
    if (made->listeners_ && before) made->listeners_->discard(*before->listeners_);
    return opened.error();
  }
  if (made->threads_) made->tree_ = std::make_unique<ProcessTree>(made->keeper_, std::move(on_gone));
  else made->tree_ = std::make_unique<WorkerTree>(made->keeper_, false, std::move(on_gone));
  return made;
}

Deployment::Deployment(const Ground& ground, Plan plan, const Deployment* before)
    : ground_(ground),
      plan_(std::move(plan)),
      number_(before ? before->number_ + 1 : 0),
      threads_(threads_of(plan_.options)) {
  keeper_.workers = workers_of(plan_.options);
}

// In this order: what can't be opened first is what is told.
Result<void> Deployment::open(const Deployment* before) {
  const MasterOptions& options = plan_.options;
  if (options.listen.empty()) return Error{0, "there is nothing to serve: no address was given"};
  Result<Rights> rights = Rights::choose(options);
  if (!rights) return rights.error();
  keeper_.rights = std::move(rights).value();
  if (Result<void> heard = hear_signals(); !heard) return heard;
  sys::raise_file_limit(files_wanted(options, keeper_.workers));
  Result<Listeners> listeners =
      Listeners::open(options.listen, threads_ ? threads_ : keeper_.workers, &ground_.activated,
                      before ? &*before->listeners_ : nullptr);
  if (!listeners) return listeners.error();
  listeners_.emplace(std::move(listeners).value());
  logs_.emplace(ground_.reactor, before ? &*before->logs_ : nullptr);
  if (Result<void> opened = logs_->open(options.error_log, options.access_log); !opened) return opened;
  Result<SharedState> shared =
      SharedState::create(options, keeper_.workers, threads_, listeners_->addresses(), number_);
  if (!shared) return shared.error();
  shared_.emplace(std::move(shared).value());
  queues_.emplace(ground_.reactor, *listeners_, shared_->scoreboard);
  make_context();
  if (!before) {
    tell_here();
    ground_.log.set_sink(logs_->error());
    return voice_.join(keeper_, "master", 0);
  }
  shared_->scoreboard.service().generation = before->scoreboard().service().generation.load();
  return {};
}

Result<void> Deployment::hear_signals() {
  auto pass_on = [this](const OwnSignal& own) {
    if (!own.in_workers) application().on_signal(own.number);
    else if (tree_) tree_->pass_on(own.number);
  };
  auto own = hear_own_signals(ground_.reactor, Hearer::master, plan_.options.signals, pass_on);
  if (!own) return own.error();
  own_signals_ = std::move(own).value();
  return {};
}

void Deployment::make_context() {
  const MasterOptions& options = plan_.options;
  keeper_.application = plan_.application.get();
  keeper_.reactor = &ground_.reactor;
  keeper_.log = &ground_.log;
  keeper_.listeners = &*listeners_;
  keeper_.addresses = listeners_->addresses();
  keeper_.scoreboard = &shared_->scoreboard;
  keeper_.connections = &shared_->connections;
  keeper_.address_table = shared_->address_table ? &*shared_->address_table : nullptr;
  keeper_.broadcast = shared_->broadcast ? &*shared_->broadcast : nullptr;
  keeper_.mail = shared_->mail ? &*shared_->mail : nullptr;
  keeper_.tasks = shared_->tasks ? &*shared_->tasks : nullptr;
  keeper_.wires = shared_->wires ? &*shared_->wires : nullptr;
  keeper_.states = shared_->states ? &*shared_->states : nullptr;
  keeper_.access_log = logs_->access();
  keeper_.broadcasts = options.broadcasts;
  keeper_.policy = options.policy;
  keeper_.processes = options.processes;
  keeper_.signals = options.signals;
  keeper_.shutdown_timeout_ms = options.shutdown_timeout_ms;
}

Result<void> Deployment::start(ControlReply outcome) { return tree_->start(std::move(outcome)); }

// ---------------------------------------------------------------- one after another

// What the functions of <oklo/worker.h> find in the master.
void Deployment::tell_here() {
  Here& here = Here::current();
  here.count = keeper_.workers;
  here.mail = keeper_.mail;
  here.generation = shared_->scoreboard.service().generation;
}

void Deployment::take_over(Deployment* before) {
  if (before) {
    tell_here();
    before->own_signals_.reset();
    before->application().leave_broadcast();
    if (Result<void> joined = voice_.join(keeper_, "master", 0); !joined)
      ground_.log.line(joined.error().text);
    carry_service(*before->shared_, *shared_);
  }
  ground_.log.count_drops(shared_->scoreboard.service().error_lines_dropped);
  logs_->take_stderr();
  ground_.log.set_sink(logs_->error());
  if (before) logs_->send_to(*tree_);
}

void Deployment::leave() {
  uint32_t timeout_ms = plan_.options.shutdown_timeout_ms;
  uint64_t deadline_ms = timeout_ms ? ground_.reactor.clock().now_ms + timeout_ms : 0;
  if (deadline_ms) ground_.reactor.timers().arm(*this, deadline_ms + kKillAfterMs);
  tree_->leave(deadline_ms);
}

void Deployment::on_timer() {
  ground_.log.line("some of the configuration before did not leave in time, they are killed");
  tree_->kill_all();
}

void Deployment::follow(const Deployment& before) { carry(*before.shared_, *shared_); }

// ---------------------------------------------------------------- what is told of it

ServiceView Deployment::view() {
  queues_->look();
  const TaskTable* tasks = shared_->tasks ? &*shared_->tasks : nullptr;
  return {shared_->scoreboard, shared_->connections, tasks, OKLO_VERSION, {}};
}

uint32_t Deployment::restarts() const {
  uint32_t sum = 0;
  for (uint32_t i = 0; i < scoreboard().slots(); i++) sum += scoreboard().slot(i).restarts;
  return sum;
}

}  // namespace oklo
