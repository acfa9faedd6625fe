#include "process/single.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/number.h"
#include "process/exit_code.h"
#include "process/here.h"
#include "process/listeners.h"
#include "process/logs.h"
#include "process/mailbox_reader.h"
#include "process/own_signals.h"
#include "process/shared_state.h"
#include "reactor/signal_source.h"
#include "sys/process.h"
#include "sys/stderr.h"

namespace oklo {

namespace {

// What Master and Worker are together, less what needs two processes.
class Single {
 public:
  Single(const MasterOptions& options, Application& application)
      : options_(options), application_(application) {}

  int run();

 private:
  Result<void> start();
  Result<void> hear_signals();
  Result<void> listen();
  Result<void> open_logs();
  Result<void> share_memory();
  Result<void> serve();
  void describe_worker();
  void stop();

  const MasterOptions& options_;
  Application& application_;
  Log log_{2, "single"};
  std::unique_ptr<Reactor> reactor_;
  std::optional<Here> here_;
  std::unique_ptr<SignalSource> signals_;
  std::unique_ptr<SignalSource> own_signals_;
  ActivatedSockets activated_;
  std::optional<Listeners> listeners_;
  std::optional<Logs> logs_;
  std::optional<SharedState> shared_;
  WorkerContext context_;
  std::unique_ptr<WorkerService> service_;
  std::unique_ptr<MailboxReader> mail_;
  bool stopping_ = false;
};

int Single::run() {
  sys::hold_std_fds();
  activated_ = ActivatedSockets::of_environment();
  Result<void> started = start();
  if (started) {
    application_.on_up(context_.addresses);
    logs_->take_stderr();
    log_.set_sink(logs_->error());
    reactor_->run();
    application_.on_worker_stop(1);
  }
  if (listeners_) listeners_->close();
  if (started) return 0;
  sys::print(2, "oklo: " + started.error().text + std::string(advice(started.error().number)) + "\n");
  return exit_code_of(started.error().number);
}

Result<void> Single::start() {
  using Step = Result<void> (Single::*)();
  constexpr Step kSteps[] = {&Single::hear_signals, &Single::listen, &Single::open_logs,
                             &Single::share_memory, &Single::serve};
  for (Step step : kSteps)
    if (Result<void> done = (this->*step)(); !done) return done;
  return {};
}

Result<void> Single::hear_signals() {
  sys::ignore_signals_of_write();
  sys::raise_file_limit();
  Result<std::unique_ptr<Reactor>> reactor = Reactor::create(sys::file_limit());
  if (!reactor) return reactor.error();
  reactor_ = std::move(reactor).value();
  here_.emplace(*reactor_, log_, 1, 1, 1);
  Result<std::unique_ptr<SignalSource>> signals =
      SignalSource::create(*reactor_, {SIGTERM, SIGINT}, [this](int) { stop(); });
  if (!signals) return signals.error();
  signals_ = std::move(signals).value();
  auto heard = [this](const OwnSignal& own) { application_.on_signal(own.number); };
  Result<std::unique_ptr<SignalSource>> own =
      hear_own_signals(*reactor_, Hearer::master, options_.signals, heard);
  if (!own) return own.error();
  own_signals_ = std::move(own).value();
  return {};
}

Result<void> Single::listen() {
  if (options_.listen.empty()) return Error{0, "there is nothing to serve: no address was given"};
  Result<Listeners> listeners = Listeners::open(options_.listen, 1, &activated_);
  if (!listeners) return listeners.error();
  listeners_.emplace(std::move(listeners).value());
  return {};
}

Result<void> Single::open_logs() {
  logs_.emplace(*reactor_);
  if (Result<void> opened = logs_->open(options_.error_log, options_.access_log); !opened) return opened;
  context_.access_log = logs_->access();
  log_.set_sink(logs_->error());
  return {};
}

Result<void> Single::share_memory() {
  Result<SharedState> shared = SharedState::create(options_, 1, 0, listeners_->addresses());
  if (!shared) return shared.error();
  shared_.emplace(std::move(shared).value());
  if (shared_->mail) here_->mail = context_.mail = &*shared_->mail;
  return {};
}

void Single::describe_worker() {
  context_.name = "worker 1";
  context_.generation = 1;
  context_.slots = 1;
  context_.life = static_cast<uint32_t>(shared_->scoreboard.begin_life(0, 1, reactor_->clock().now_ms));
  context_.reactor = reactor_.get();
  context_.row = &shared_->scoreboard.life(context_.life);
  context_.row->pid = sys::current_pid();
  log_.count_drops(context_.row->error_lines_dropped);
  context_.scoreboard = &shared_->scoreboard;
  context_.connections = &shared_->connections;
  context_.address_table = shared_->address_table ? &*shared_->address_table : nullptr;
  context_.broadcast = shared_->broadcast ? &*shared_->broadcast : nullptr;
  context_.log = &log_;
  context_.listeners = listeners_->numbers();
  context_.addresses = listeners_->addresses();
  context_.drained = [this] { reactor_->stop(); };
}

Result<void> Single::serve() {
  std::vector<int> keep;
  if (Result<void> prepared = application_.prepare(keep); !prepared) return prepared;
  for (const ProcessSpec& process : options_.processes)
    log_.line("debug_single has one process alone: " + process.name + " is not started");
  describe_worker();
  reactor_->count_turns(context_.row->turns);
  service_ = application_.make_service(context_);
  if (Result<void> started = service_->start(); !started) return started;
  application_.on_worker_start(1);
  auto mail = read_mail(context_, application_);
  if (!mail) return mail.error();
  mail_ = std::move(mail).value();
  context_.row->state = LifeState::ready;
  shared_->scoreboard.service().generation = 1;
  return {};
}

void Single::stop() {
  uint64_t wait_ms = std::exchange(stopping_, true) ? 0 : options_.shutdown_timeout_ms;
  log_.line("stopping within " + decimal(wait_ms) + " ms");
  context_.row->state = LifeState::draining;
  service_->drain(DrainMode::stop, reactor_->clock().now_ms + wait_ms);
  listeners_->close();
}

}  // namespace

int run_single(const MasterOptions& options, Application& application) {
  Single single(options, application);
  return single.run();
}

}  // namespace oklo
