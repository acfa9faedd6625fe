#include "process/master.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/number.h"
#include "process/control_socket.h"
#include "process/daemon.h"
#include "process/exit_code.h"
#include "process/here.h"
#include "process/notifier.h"
#include "process/rollout.h"
#include "process/status.h"
#include "process/tell.h"
#include "process/urgency.h"
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
      : options_(options), application_(&application, [](Application*) {}) {}

  int run();

 private:
  std::optional<int> detach();

  Result<void> start();
  Result<void> settle();
  Result<void> make_reactor();
  Result<void> hear_signals();
  Result<void> lock_pid_file();
  Result<void> deploy();
  Result<void> hear_commands();
  Result<void> start_processes();

  void on_signal(int signal);
  void on_child();
  void on_command(std::string_view command, ControlReply reply);
  void log_surprises();
  void on_first_outcome(bool ok, std::string_view text);
  std::string what_it_does();
  bool is_well() { return urgency_ == Urgency::none && is_healthy(current().scoreboard()); }
  Deployment& current() { return rollout_->current(); }
  void tell_health(ControlReply reply);
  void reload(ControlReply reply);
  void renew(ControlReply reply);
  void tell_changes(ControlReply reply);
  void scale(std::string_view words, ControlReply reply);
  ControlReply reloading(ControlReply reply);
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
      master.rollout_->kill_all();
    }
    Master& master;
  };

  MasterOptions options_;
  std::shared_ptr<Application> application_;
  ActivatedSockets activated_;
  Daemon daemon_;
  Log log_{2, "master"};
  std::unique_ptr<Reactor> reactor_;
  std::optional<Here> here_;
  std::optional<Notifier> notifier_;
  std::unique_ptr<SignalSource> signals_;
  std::optional<sys::PidFile> pid_file_;
  std::optional<Rollout> rollout_;
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
      &Master::settle, &Master::make_reactor,  &Master::hear_signals,    &Master::lock_pid_file,
      &Master::deploy, &Master::hear_commands, &Master::start_processes,
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
    return fail({0, "a daemon has no stderr; name a file for the access log, or leave out -d"});
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
  return {};
}

Result<void> Master::make_reactor() {
  Result<std::unique_ptr<Reactor>> reactor = Reactor::create(sys::file_limit());
  if (!reactor) return reactor.error();
  reactor_ = std::move(reactor).value();
  here_.emplace(*reactor_, log_, 0, 0, 0);
  notifier_.emplace(*reactor_, [this] { return is_well(); });
  return {};
}

Result<void> Master::hear_signals() {
  Result<std::unique_ptr<SignalSource>> signals =
      SignalSource::create(*reactor_, {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGCHLD, SIGRTMIN + 1},
                           [this](int signal) { on_signal(signal); });
  if (!signals) return signals.error();
  signals_ = std::move(signals).value();
  return {};
}

Result<void> Master::lock_pid_file() {
  if (options_.pid_file.empty()) return {};
  Result<sys::PidFile> file = sys::PidFile::create(options_.pid_file);
  if (!file) return file.error();
  pid_file_.emplace(std::move(file).value());
  return {};
}

Result<void> Master::deploy() {
  rollout_.emplace(Deployment::Ground{*reactor_, log_, activated_}, application_, [this] { on_gone(); });
  return rollout_->open(options_);
}

Result<void> Master::hear_commands() {
  uint16_t port = 0;
  for (const sys::Address& address : current().listeners().addresses())
    if (!port) port = address.port();
  auto control = ControlSocket::open(
      *reactor_, options_.control, port,
      [this](std::string_view command, ControlReply reply) { on_command(command, std::move(reply)); },
      no_control_);
  if (!control) return control.error();
  control_ = std::move(control).value();
  return {};
}

Result<void> Master::start_processes() {
  return rollout_->start([this](bool ok, std::string_view text) { on_first_outcome(ok, text); });
}

// Not before the service is up: one that fails has one thing to say.
void Master::log_surprises() {
  const Rights& rights = current().rights();
  if (rights.changes_user && !rights.user_was_named)
    log_.line("started as root, and no user is named: the workers run as 65534");
  if (!no_control_.empty()) log_.line(no_control_);
  for (const std::string& socket : activated_.unused())
    log_.line("nothing is served at the socket " + socket + ", which was passed");
}

void Master::on_first_outcome(bool ok, std::string_view text) {
  if (ok) {
    log_surprises();
    application_->on_up(current().listeners().addresses());
    notifier_->up(what_it_does());
    current().take_over(nullptr);
    daemon_.report({0, ""});
    return;
  }
  if (urgency_ != Urgency::none) return;  // It was told to stop before it was up.
  failure_ = "the service did not come up: " + std::string(text);
  urgency_ = Urgency::at_once;
  rollout_->kill_all();
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
  else if (urgency_ == Urgency::none && signal == SIGUSR1) renew([](bool, std::string_view) {});
  else if (urgency_ == Urgency::none) reload([](bool, std::string_view) {});
}

// As process 1, or because they lost their parent to a worker, others may be among the children.
void Master::on_child() {
  while (std::optional<sys::ChildEvent> event = sys::next_child_event()) rollout_->on_child_event(*event);
}

void Master::on_command(std::string_view command, ControlReply reply) {
  struct Row {
    std::string_view name;
    void (Master::*run)(ControlReply);
  };
  constexpr Row kCommands[] = {
      {"health", &Master::tell_health},
      {"reload", &Master::reload},
      {"diff", &Master::tell_changes},
      {"reopen", &Master::reopen},
      {"stop", &Master::stop},
  };
  for (const Row& row : kCommands)
    if (row.name == command) return (this->*row.run)(std::move(reply));
  if (command.starts_with("scale ")) return scale(command.substr(6), std::move(reply));
  Result<std::string> told = tell(command, rollout_->view());
  reply(told.ok(), told ? *told : told.error().text);
}

void Master::tell_health(ControlReply reply) {
  bool well = is_healthy(current().scoreboard());
  reply(well, well ? "" : "no worker is ready");
}

std::string Master::what_it_does() {
  uint32_t workers = current().workers();
  std::string text = "serving with " + decimal(workers) + (workers == 1 ? " worker" : " workers");
  for (const sys::Address& address : current().listeners().addresses()) text += ", " + address.to_string();
  return text;
}

// As a reload would find them now.
void Master::tell_changes(ControlReply reply) {
  Result<Application::Wanted> wanted = application_->configure();
  if (!wanted) return reply(false, wanted.error().text);
  reply(true, wanted->changes.empty() ? "a reload would change nothing" : wanted->changes);
}

ControlReply Master::reloading(ControlReply reply) {
  notifier_->reloading();
  return [this, reply = std::move(reply)](bool ok, std::string_view text) {
    notifier_->reloaded((what_it_does() + (ok ? "; " : "; the last reload failed: ")).append(text));
    reply(ok, text);
  };
}

void Master::reload(ControlReply reply) {
  if (urgency_ != Urgency::none) return reply(false, "the service is stopping");
  rollout_->reload(reloading(std::move(reply)));
}

void Master::renew(ControlReply reply) {
  if (urgency_ != Urgency::none) return reply(false, "the service is stopping");
  rollout_->renew(reloading(std::move(reply)));
}

void Master::scale(std::string_view words, ControlReply reply) {
  std::optional<uint64_t> workers = parse_decimal(words);
  if (!workers || *workers == 0 || *workers > kWorkersMax)
    return reply(false, "scale wants a number of workers, 1 to " + decimal(kWorkersMax));
  if (urgency_ != Urgency::none) return reply(false, "the service is stopping");
  rollout_->scale(static_cast<uint32_t>(*workers), reloading(std::move(reply)));
}

void Master::reopen(ControlReply reply) {
  Result<void> reopened = rollout_->reopen_logs();
  log_.set_sink(current().logs().error());
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
  current().scoreboard().service().stopping = true;
  current().listeners().close();
  uint32_t timeout_ms = current().plan().options.shutdown_timeout_ms;
  uint64_t deadline_ms = reactor_->clock().now_ms + timeout_ms;
  switch (urgency_) {
    case Urgency::none: return;
    case Urgency::patient:
      log_.line("stopping when all is finished");
      rollout_->stop(0);
      break;
    case Urgency::timely:
      log_.line("stopping within " + decimal(timeout_ms) + " ms");
      reactor_->timers().arm(kill_timer_, deadline_ms + kKillAfterMs);
      rollout_->stop(deadline_ms);
      break;
    case Urgency::at_once:
      log_.line("stopping at once");
      rollout_->kill_all();
      break;
  }
  on_gone();
}

// The answer to `stop` comes last: whoever hears it finds the addresses and files free.
void Master::on_gone() {
  if (urgency_ == Urgency::none || !rollout_->empty()) return;
  leave_no_trace();
  log_.line("stopped");
  for (ControlReply& reply : stop_replies_) reply(true, "");
  stop_replies_.clear();
  reactor_->stop();
}

void Master::leave_no_trace() {
  if (control_) control_->retire();
  if (rollout_ && rollout_->is_open()) current().listeners().close();
  if (pid_file_) pid_file_->remove();
  pid_file_.reset();
}

}  // namespace

int run_master(const MasterOptions& options, Application& application) {
  Master master(options, application);
  return master.run();
}

}  // namespace oklo
