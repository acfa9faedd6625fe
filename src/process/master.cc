#include "process/master.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/number.h"
#include "process/control_socket.h"
#include "process/daemon.h"
#include "process/exit_code.h"
#include "process/here.h"
#include "process/keeper_voice.h"
#include "process/listeners.h"
#include "process/logs.h"
#include "process/notifier.h"
#include "process/own_signals.h"
#include "process/process_tree.h"
#include "process/shared_state.h"
#include "process/status.h"
#include "process/tell.h"
#include "process/urgency.h"
#include "process/worker_tree.h"
#include "reactor/signal_source.h"
#include "sys/file.h"
#include "sys/pid_file.h"
#include "sys/process.h"
#include "sys/signal_fd.h"
#include "sys/stderr.h"
#include "sys/time.h"

namespace oklo {

namespace {

constexpr uint32_t kKillAfterMs = 1000;  // beyond the deadline that the workers have themselves

// The one process that supervises. It owns the listeners and the shared memory, forks the workers, hears
// signals and commands, and never reads a byte of a client.
class Master {
 public:
  Master(const MasterOptions& options, Application& application)
      : options_(options), application_(application) {}

  int run();

 private:
  std::optional<int> detach();

  Result<void> start();
  Result<void> settle();
  Result<void> choose_rights();
  Result<void> make_reactor();
  Result<void> hear_signals();
  Result<void> lock_pid_file();
  Result<void> listen();
  Result<void> open_logs();
  Result<void> share_memory();
  Result<void> make_tree();
  Result<void> hear_commands();
  Result<void> start_tree();

  void on_signal(int signal);
  void on_child();
  void on_command(std::string_view command, ControlReply reply);
  void log_surprises();
  void on_first_outcome(bool ok, std::string_view text);
  TaskTable* tasks() { return shared_->tasks ? &*shared_->tasks : nullptr; }
  std::string what_it_does() const;
  bool is_well() const { return urgency_ == Urgency::none && is_healthy(shared_->scoreboard); }
  void tell_health(ControlReply reply);
  void reload(ControlReply reply);
  void reopen(ControlReply reply);
  void stop(ControlReply reply);

  void stop(StopRequest request);
  void on_gone();
  void leave_no_trace();
  int fail(const Error& error);

  // Whoever has not left by the deadline is killed.
  struct KillTimer final : Timer {
    explicit KillTimer(Master& of) : master(of) {}
    void on_timer() override {
      master.urgency_ = Urgency::at_once;
      master.log_.line("some did not leave in time, they are killed");
      master.tree_->kill_all();
    }
    Master& master;
  };

  MasterOptions options_;
  Application& application_;
  ActivatedSockets activated_;
  Daemon daemon_;
  Log log_{2, "master"};
  uint32_t slots_ = 1;    // of workers
  uint32_t threads_ = 0;  // of the gate; 0: base mode
  std::unique_ptr<Reactor> reactor_;
  std::optional<Here> here_;
  std::optional<Notifier> notifier_;
  std::unique_ptr<SignalSource> signals_;
  std::unique_ptr<SignalSource> own_signals_;
  std::optional<sys::PidFile> pid_file_;
  std::optional<Listeners> listeners_;
  std::optional<Logs> logs_;
  std::optional<SharedState> shared_;
  KeeperContext keeper_;
  KeeperVoice voice_;
  std::unique_ptr<Tree> tree_;
  std::unique_ptr<ControlSocket> control_;
  std::string no_control_;
  KillTimer kill_timer_{*this};
  Urgency urgency_ = Urgency::none;
  std::vector<ControlReply> stop_replies_;
  std::string failure_;
};

int Master::run() {
  sys::hold_std_fds();
  activated_ = ActivatedSockets::of_environment();
  if (std::optional<int> exit_code = detach()) return *exit_code;
  if (Result<void> started = start(); !started) return fail(started.error());
  reactor_->run();
  return failure_.empty() ? 0 : fail({0, failure_});
}

// The order matters: signals wait from the first trace on that would be left behind, and the pid file
// names the process that stays.
Result<void> Master::start() {
  using Step = Result<void> (Master::*)();
  constexpr Step kSteps[] = {
      &Master::settle,       &Master::choose_rights,   &Master::make_reactor, &Master::hear_signals,
      &Master::lock_pid_file, &Master::listen,       &Master::open_logs,    &Master::share_memory,
      &Master::make_tree,    &Master::hear_commands, &Master::start_tree,
  };
  for (Step step : kSteps)
    if (Result<void> done = (this->*step)(); !done) return done;
  return {};
}

int Master::fail(const Error& error) {
  leave_no_trace();
  int code = failure_.empty() ? exit_code_of(error.number) : kExitFailed;
  std::string text = error.text + std::string(advice(error.number));
  daemon_.report({code, text});
  sys::print(2, "oklo: " + text + "\n");
  return code;
}

// ---------------------------------------------------------------- the steps of the start

// A daemon stands in the root directory, so its paths are made absolute first.
std::optional<int> Master::detach() {
  if (!options_.daemon) return std::nullopt;
  if (options_.access_log == "stderr")
    return fail({0, "a daemon has no stderr; give --access-log a file, or leave out -d"});
  for (std::string* path : {&options_.pid_file, &options_.control, &options_.chroot})
    if (!path->empty() && *path != "off") *path = sys::absolute_path(*path);
  for (std::string* log : {&options_.error_log, &options_.access_log})
    if (Result<LogPlace> place = LogPlace::parse(*log); place && place->kind == LogPlace::Kind::file)
      *log = sys::absolute_path(*log);
  for (ListenAddress& address : options_.listen)
    if (address.text.starts_with("unix:") && address.text.size() > 5)
      address.text = "unix:" + sys::absolute_path(address.text.substr(5));
  std::optional<StartOutcome> outcome = daemon_.detach();
  if (!outcome) return std::nullopt;
  if (outcome->exit_code != 0) sys::print(2, "oklo: " + outcome->text + "\n");
  return outcome->exit_code;
}

// Signals that whoever started this had ignored are heard again: a shell ignores some for what it starts
// in the background.
Result<void> Master::settle() {
  sys::set_title("oklo: master");
  sys::reset_signals();
  sys::ignore_signals_of_write();
  sys::become_subreaper();
  sys::raise_file_limit();
  slots_ = options_.workers ? options_.workers : sys::usable_processors();
  if (options_.has_gate)
    threads_ = options_.reactor_threads ? options_.reactor_threads
                                        : std::max(1u, sys::usable_processors() / 2);
  if (options_.listen.empty()) return Error{0, "there is nothing to serve: no address was given"};
  return {};
}

Result<void> Master::choose_rights() {
  Result<Rights> rights = Rights::choose(options_);
  if (!rights) return rights.error();
  keeper_.rights = std::move(rights).value();
  return {};
}

Result<void> Master::make_reactor() {
  Result<std::unique_ptr<Reactor>> reactor = Reactor::create(sys::file_limit());
  if (!reactor) return reactor.error();
  reactor_ = std::move(reactor).value();
  here_.emplace(*reactor_, log_, 0, slots_, 0);
  notifier_.emplace(*reactor_, [this] { return is_well(); });
  return {};
}

Result<void> Master::hear_signals() {
  Result<std::unique_ptr<SignalSource>> signals =
      SignalSource::create(*reactor_, {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGCHLD, SIGRTMIN + 1},
                           [this](int signal) { on_signal(signal); });
  if (!signals) return signals.error();
  signals_ = std::move(signals).value();
  auto pass_on = [this](const OwnSignal& own) {
    if (!own.in_workers) application_.on_signal(own.number);
    else if (tree_) tree_->pass_on(own.number);
  };
  Result<std::unique_ptr<SignalSource>> own =
      hear_own_signals(*reactor_, Hearer::master, options_.signals, pass_on);
  if (!own) return own.error();
  own_signals_ = std::move(own).value();
  return {};
}

Result<void> Master::lock_pid_file() {
  if (options_.pid_file.empty()) return {};
  Result<sys::PidFile> file = sys::PidFile::create(options_.pid_file);
  if (!file) return file.error();
  pid_file_.emplace(std::move(file).value());
  return {};
}

Result<void> Master::listen() {
  Result<Listeners> listeners = Listeners::open(options_.listen, threads_ ? threads_ : slots_, &activated_);
  if (!listeners) return listeners.error();
  listeners_.emplace(std::move(listeners).value());
  return {};
}

// Opened before rights are dropped.
Result<void> Master::open_logs() {
  logs_.emplace(*reactor_);
  if (Result<void> opened = logs_->open(options_.error_log, options_.access_log); !opened) return opened;
  keeper_.access_log = logs_->access();
  log_.set_sink(logs_->error());
  return {};
}

Result<void> Master::share_memory() {
  Result<SharedState> shared = SharedState::create(options_, slots_, threads_, listeners_->addresses());
  if (!shared) return shared.error();
  shared_.emplace(std::move(shared).value());
  log_.count_drops(shared_->scoreboard.service().error_lines_dropped);
  if (shared_->mail) here_->mail = &*shared_->mail;
  return {};
}

Result<void> Master::make_tree() {
  keeper_.application = &application_;
  keeper_.reactor = reactor_.get();
  keeper_.log = &log_;
  keeper_.listeners = &*listeners_;
  keeper_.addresses = listeners_->addresses();
  keeper_.scoreboard = &shared_->scoreboard;
  keeper_.connections = &shared_->connections;
  keeper_.address_table = shared_->address_table ? &*shared_->address_table : nullptr;
  keeper_.broadcast = shared_->broadcast ? &*shared_->broadcast : nullptr;
  keeper_.mail = here_->mail;
  keeper_.tasks = tasks();
  keeper_.workers = slots_;
  keeper_.policy = options_.policy;
  keeper_.processes = options_.processes;
  keeper_.signals = options_.signals;
  keeper_.shutdown_timeout_ms = options_.shutdown_timeout_ms;
  keeper_.wires = shared_->wires ? &*shared_->wires : nullptr;
  keeper_.states = shared_->states ? &*shared_->states : nullptr;
  keeper_.broadcasts = options_.broadcasts;
  if (threads_) tree_ = std::make_unique<ProcessTree>(keeper_, [this] { on_gone(); });
  else tree_ = std::make_unique<WorkerTree>(keeper_, [this] { on_gone(); });
  return voice_.join(keeper_, "master", 0);
}

Result<void> Master::hear_commands() {
  uint16_t port = 0;
  for (const sys::Address& address : listeners_->addresses())
    if (!port) port = address.port();
  auto control = ControlSocket::open(
      *reactor_, options_.control, port,
      [this](std::string_view command, ControlReply reply) { on_command(command, std::move(reply)); },
      no_control_);
  if (!control) return control.error();
  control_ = std::move(control).value();
  return {};
}

Result<void> Master::start_tree() {
  return tree_->start([this](bool ok, std::string_view text) { on_first_outcome(ok, text); });
}

// Not before the service is up: one that fails has one thing to say.
void Master::log_surprises() {
  if (keeper_.rights.changes_user && !keeper_.rights.user_was_named)
    log_.line("started as root without --user: the workers run as 65534");
  if (!no_control_.empty()) log_.line(no_control_);
  for (const std::string& socket : activated_.unused())
    log_.line("nothing is served at the socket " + socket + ", which was passed");
}

void Master::on_first_outcome(bool ok, std::string_view text) {
  if (ok) {
    log_surprises();
    application_.on_up(listeners_->addresses());
    notifier_->up(what_it_does());
    logs_->take_stderr();
    log_.set_sink(logs_->error());
    daemon_.report({0, ""});
    return;
  }
  if (urgency_ != Urgency::none) return;  // It was told to stop before it was up.
  failure_ = "the service did not come up: " + std::string(text);
  urgency_ = Urgency::at_once;
  tree_->kill_all();
}

// ---------------------------------------------------------------- signals and commands

void Master::on_signal(int signal) {
  auto log_failure = [this](bool ok, std::string_view text) {
    if (!ok) log_.line(text);
  };
  if (signal == SIGCHLD) on_child();
  else if (signal == SIGQUIT) stop(StopRequest::quit);
  else if (signal == SIGTERM || signal == SIGINT) stop(StopRequest::terminate);
  else if (signal == SIGRTMIN + 1) reopen(log_failure);
  else if (urgency_ == Urgency::none) reload([](bool, std::string_view) {});
}

// As process 1, or because they lost their parent to a worker, others may be among the children.
void Master::on_child() {
  while (std::optional<sys::ChildEvent> event = sys::next_child_event()) tree_->on_child_event(*event);
}

void Master::on_command(std::string_view command, ControlReply reply) {
  struct Row {
    std::string_view name;
    void (Master::*run)(ControlReply);
  };
  constexpr Row kCommands[] = {
      {"health", &Master::tell_health},
      {"reload", &Master::reload},
      {"reopen", &Master::reopen},
      {"stop", &Master::stop},
  };
  for (const Row& row : kCommands)
    if (row.name == command) return (this->*row.run)(std::move(reply));
  ServiceView view = {shared_->scoreboard, shared_->connections, tasks(), OKLO_VERSION};
  Result<std::string> told = tell(command, view);
  reply(told.ok(), told ? *told : told.error().text);
}

void Master::tell_health(ControlReply reply) {
  bool well = is_healthy(shared_->scoreboard);
  reply(well, well ? "" : "no worker is ready");
}

std::string Master::what_it_does() const {
  std::string text = "serving with " + decimal(slots_) + (slots_ == 1 ? " worker" : " workers");
  for (const sys::Address& address : listeners_->addresses()) text += ", " + address.to_string();
  return text;
}

void Master::reload(ControlReply reply) {
  if (urgency_ != Urgency::none) return reply(false, "the service is stopping");
  notifier_->reloading();
  tree_->reload([this, reply = std::move(reply)](bool ok, std::string_view text) {
    notifier_->reloaded((what_it_does() + (ok ? "; " : "; the last reload failed: ")).append(text));
    reply(ok, text);
  });
}

void Master::reopen(ControlReply reply) {
  Result<void> reopened = logs_->reopen();
  if (reopened) logs_->send_to(*tree_);
  log_.set_sink(logs_->error());
  reply(reopened.ok(), reopened ? "" : reopened.error().text);
}

void Master::stop(ControlReply reply) {
  stop_replies_.push_back(std::move(reply));
  stop(StopRequest::command);
}

// ---------------------------------------------------------------- the end

void Master::stop(StopRequest request) {
  Urgency before = std::exchange(urgency_, escalate(urgency_, request));
  if (urgency_ == before) return;
  notifier_->stopping();
  shared_->scoreboard.service().stopping = true;
  listeners_->close();
  uint32_t timeout_ms = options_.shutdown_timeout_ms;
  uint64_t deadline_ms = reactor_->clock().now_ms + timeout_ms;
  switch (urgency_) {
    case Urgency::none: return;
    case Urgency::patient:
      log_.line("stopping when all is finished");
      tree_->stop(0);
      break;
    case Urgency::timely:
      log_.line("stopping within " + decimal(timeout_ms) + " ms");
      reactor_->timers().arm(kill_timer_, deadline_ms + kKillAfterMs);
      tree_->stop(deadline_ms);
      break;
    case Urgency::at_once:
      log_.line("stopping at once");
      tree_->kill_all();
      break;
  }
  on_gone();
}

// The answer to `stop` comes last: whoever hears it finds the addresses and files free.
void Master::on_gone() {
  if (urgency_ == Urgency::none || !tree_->empty()) return;
  leave_no_trace();
  log_.line("stopped");
  for (ControlReply& reply : stop_replies_) reply(true, "");
  stop_replies_.clear();
  reactor_->stop();
}

void Master::leave_no_trace() {
  if (control_) control_->retire();
  if (listeners_) listeners_->close();
  if (pid_file_) pid_file_->remove();
  pid_file_.reset();
}

}  // namespace

int run_master(const MasterOptions& options, Application& application) {
  Master master(options, application);
  return master.run();
}

}  // namespace oklo
