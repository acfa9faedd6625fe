#include "process/master.h"

#include <algorithm>
#include "sys/signal_fd.h"
#include <cstring>
#include <optional>

#include "base/number.h"
#include "process/control_socket.h"
#include "process/daemon.h"
#include "process/listeners.h"
#include "process/reload.h"
#include "process/status.h"
#include "process/supervisor.h"
#include "reactor/signal_source.h"
#include "sys/file.h"
#include "sys/pid_file.h"
#include "sys/process.h"
#include "sys/signal_fd.h"
#include "sys/stderr.h"
#include "sys/time.h"

namespace oklo {

namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 100;
constexpr int kTemporary = 111;
constexpr uint32_t kDrainingLives = 6;      // of a slot: four generations that drain, the current, the next
constexpr uint32_t kSpareLives = 16;
constexpr uint32_t kRowsMax = 1u << 20;
constexpr uint32_t kKillAfterMs = 1000;     // beyond the deadline that the workers have themselves
constexpr sys::User kNobody = {65534, 65534};

// What a person can do about it.
std::string_view advice(int number) {
  switch (number) {
    case EADDRINUSE: return "; stop what listens there, or choose another address";
    case EACCES: return "; ports below 1024 and foreign files need root";
    case EADDRNOTAVAIL: return "; this host does not have that address";
    default: return "";
  }
}

int exit_code_of(int number) {
  constexpr int kPassing[] = {EADDRINUSE, EAGAIN, EMFILE, ENFILE, ENOMEM, ENOBUFS, EEXIST};
  return std::find(std::begin(kPassing), std::end(kPassing), number) != std::end(kPassing) ? kTemporary
                                                                                           : kUsage;
}

// The one process that supervises. It owns the listeners and the shared memory, forks the workers, hears
// signals and commands, and never reads a byte of a client.
class Master {
 public:
  Master(const MasterOptions& options, Application& application)
      : options_(options), application_(application) {}

  int run();

 private:
  Result<void> start();
  Result<void> choose_user();
  Result<void> lock_pid_file();
  Result<void> open_logs();
  Result<void> open_listeners();
  Result<void> share_memory();
  Result<void> make_reactor();
  Result<void> hear_signals();
  Result<void> hear_commands();
  Result<void> fork_workers();

  void on_signal(int signal);
  void on_command(std::string_view command, ControlReply reply);
  void on_child();
  void on_worker_ready();
  void on_worker_failed(const std::string& why);
  void on_worker_gone();
  void come_up();
  void reopen_log();
  void begin_stop(uint32_t timeout_ms);
  void finish();
  void remove_traces();
  int fail(const Error& error);

  struct KillTimer final : Timer {
    explicit KillTimer(Master& of) : master(of) {}
    void on_timer() override {
      master.log_.line("some workers did not leave in time, they are killed");
      master.supervisor_->kill_all();
    }
    Master& master;
  };

  MasterOptions options_;
  Application& application_;
  Daemon daemon_;
  Log log_{2, "master"};
  uint32_t slots_ = 1;
  std::optional<sys::PidFile> pid_file_;
  sys::Fd access_log_;
  std::optional<Listeners> listeners_;
  std::optional<Scoreboard> scoreboard_;
  std::optional<ConnectionTable> connections_;
  std::unique_ptr<Reactor> reactor_;
  std::unique_ptr<SignalSource> signals_;
  std::unique_ptr<ControlSocket> control_;
  Service service_;
  std::unique_ptr<Supervisor> supervisor_;
  std::unique_ptr<Reload> reload_;
  KillTimer kill_timer_{*this};
  std::vector<ControlReply> stop_replies_;
  bool up_ = false;
  bool stopping_ = false;
  int exit_code_ = 0;
  std::string failure_;
};

int Master::run() {
  options_.pid_file = options_.pid_file.empty() ? "" : sys::absolute_path(options_.pid_file);
  if (!options_.control.empty() && options_.control != "off")
    options_.control = sys::absolute_path(options_.control);
  if (options_.access_log != "off" && options_.access_log != "stderr")
    options_.access_log = sys::absolute_path(options_.access_log);
  if (options_.daemon) {
    if (options_.access_log == "stderr")
      return fail({0, "a daemon has no stderr; give --access-log a file, or leave out -d"});
    if (std::optional<StartOutcome> outcome = daemon_.detach()) {
      if (outcome->exit_code != 0) sys::print(2, "oklo: " + outcome->text + "\n");
      return outcome->exit_code;
    }
  }
  if (Result<void> started = start(); !started) return fail(started.error());
  reactor_->run();
  remove_traces();
  if (!failure_.empty()) return fail({0, failure_});
  return exit_code_;
}

int Master::fail(const Error& error) {
  remove_traces();
  int code = exit_code_ ? exit_code_ : exit_code_of(error.number);
  std::string text = error.text + std::string(advice(error.number));
  daemon_.report({code, text});
  if (!options_.daemon || up_) sys::print(2, "oklo: " + text + "\n");
  return code;
}

Result<void> Master::start() {
  using Step = Result<void> (Master::*)();
  constexpr Step kSteps[] = {
      &Master::choose_user,  &Master::lock_pid_file, &Master::open_listeners,
      &Master::open_logs,    &Master::share_memory,  &Master::make_reactor,
      &Master::hear_signals, &Master::hear_commands, &Master::fork_workers,
  };
  for (Step step : kSteps)
    if (Result<void> done = (this->*step)(); !done) return done;
  return {};
}

Result<void> Master::choose_user() {
  sys::set_title("oklo: master");
  sys::raise_file_limit();
  slots_ = options_.workers ? options_.workers : sys::usable_processors();
  service_.changes_user = sys::effective_uid() == 0;
  service_.user = kNobody;
  if (options_.user.empty()) return {};
  Result<sys::User> user = sys::find_user(options_.user);
  if (!user) return user.error();
  if (!service_.changes_user && user->uid != sys::effective_uid())
    return Error{EACCES, "cannot become user " + options_.user + " without being root"};
  service_.user = *user;
  return {};
}

Result<void> Master::lock_pid_file() {
  if (options_.pid_file.empty()) return {};
  Result<sys::PidFile> file = sys::PidFile::create(options_.pid_file);
  if (!file) return file.error();
  pid_file_.emplace(std::move(file).value());
  return {};
}

Result<void> Master::open_listeners() {
  if (options_.listen.empty()) return Error{0, "there is nothing to serve: no address was given"};
  Result<Listeners> listeners = Listeners::open(options_.listen, slots_);
  if (!listeners) return listeners.error();
  listeners_.emplace(std::move(listeners).value());
  return {};
}

// Opened before rights are dropped.
Result<void> Master::open_logs() {
  if (options_.access_log == "off") return {};
  service_.access_log_fd = 2;
  if (options_.access_log == "stderr") return {};
  Result<sys::Fd> log = sys::open_log(options_.access_log);
  if (!log) return log.error();
  access_log_ = std::move(log).value();
  service_.access_log_fd = access_log_.get();
  return {};
}

Result<void> Master::share_memory() {
  Result<Scoreboard> scoreboard = Scoreboard::create(slots_ * kDrainingLives + kSpareLives, slots_);
  if (!scoreboard) return scoreboard.error();
  scoreboard_.emplace(std::move(scoreboard).value());
  uint64_t rows = options_.connections_max ? options_.connections_max : sys::file_limit() * slots_;
  rows += uint64_t{slots_} * ConnectionTable::kChunkRows;
  Result<ConnectionTable> table =
      ConnectionTable::create(static_cast<uint32_t>(std::min<uint64_t>(rows, kRowsMax)));
  if (!table) return table.error();
  connections_.emplace(std::move(table).value());
  ServiceRow& row = scoreboard_->service();
  row.pid = sys::current_pid();
  row.started_ms.set(sys::monotonic_ns() / 1'000'000);
  char* end = row.addresses;
  for (const sys::Address& address : listeners_->addresses()) {
    std::string text = address.to_string();
    if (end + text.size() + 2 > row.addresses + sizeof row.addresses) break;
    std::memcpy(end, text.c_str(), text.size() + 1);
    end += text.size() + 1;
  }
  return {};
}

Result<void> Master::make_reactor() {
  Result<std::unique_ptr<Reactor>> reactor = Reactor::create(sys::file_limit());
  if (!reactor) return reactor.error();
  reactor_ = std::move(reactor).value();
  service_.application = &application_;
  service_.reactor = reactor_.get();
  service_.log = &log_;
  service_.listeners = &*listeners_;
  service_.scoreboard = &*scoreboard_;
  service_.connections = &*connections_;
  service_.shutdown_timeout_ms = options_.shutdown_timeout_ms;
  Supervisor::Events events;
  events.on_ready = [this](const Life&) { on_worker_ready(); };
  events.on_next_failed = [this](const Life&, const std::string& why) { on_worker_failed(why); };
  events.on_life_gone = [this] { on_worker_gone(); };
  supervisor_ = std::make_unique<Supervisor>(service_, slots_, std::move(events));
  reload_ = std::make_unique<Reload>(service_, *supervisor_);
  return {};
}

Result<void> Master::hear_signals() {
  sys::ignore_sigpipe();
  sys::become_subreaper();
  Result<std::unique_ptr<SignalSource>> signals =
      SignalSource::create(*reactor_, {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGCHLD, SIGRTMIN + 1},
                           [this](int signal) { on_signal(signal); });
  if (!signals) return signals.error();
  signals_ = std::move(signals).value();
  return {};
}

Result<void> Master::hear_commands() {
  uint16_t port = 0;
  for (const sys::Address& address : listeners_->addresses())
    if (!port) port = address.port();
  auto control = ControlSocket::open(
      *reactor_, log_, options_.control, port,
      [this](std::string_view command, ControlReply reply) { on_command(command, std::move(reply)); });
  if (!control) return control.error();
  control_ = std::move(control).value();
  return {};
}

Result<void> Master::fork_workers() {
  if (Result<void> prepared = application_.prepare(service_.keep); !prepared) return prepared;
  if (service_.changes_user && options_.user.empty())
    log_.line("started as root without a user: the workers run as 65534");
  scoreboard_->service().generation = 1;
  return supervisor_->fork_next(1);
}

// ---------------------------------------------------------------- events

void Master::on_signal(int signal) {
  if (signal == SIGCHLD) return on_child();
  bool ends = signal == SIGTERM || signal == SIGINT || signal == SIGQUIT;
  if (ends && stopping_) return supervisor_->kill_all();
  if (ends) return begin_stop(signal == SIGQUIT ? 0 : options_.shutdown_timeout_ms);
  if (signal == SIGRTMIN + 1) return reopen_log();
  if (up_ && !stopping_) reload_->request([](bool, std::string_view) {});
}

void Master::on_child() {
  while (std::optional<sys::ChildEvent> event = sys::next_child_event()) supervisor_->on_child_event(*event);
}

void Master::on_command(std::string_view command, ControlReply reply) {
  if (command == "status") return reply(true, status_table(*scoreboard_, OKLO_VERSION));
  if (command == "status json") return reply(true, status_json(*scoreboard_, OKLO_VERSION));
  if (command == "health") return reply(is_healthy(*scoreboard_) && !stopping_, "no worker is ready");
  if (command == "stop") {
    stop_replies_.push_back(std::move(reply));
    if (!stopping_) begin_stop(options_.shutdown_timeout_ms);
    return;
  }
  if (stopping_) return reply(false, "the service is stopping");
  if (command == "reload") return reload_->request(std::move(reply));
  if (command == "reopen") {
    reopen_log();
    return reply(true, "");
  }
  reply(false, "unknown command: " + std::string(command));
}

void Master::on_worker_ready() {
  if (up_) return reload_->on_ready();
  if (stopping_ || !supervisor_->next_ready()) return;
  supervisor_->promote();
  come_up();
}

void Master::come_up() {
  up_ = true;
  application_.on_up(listeners_->addresses());
  daemon_.report({0, ""});
}

void Master::on_worker_failed(const std::string& why) {
  if (up_) return reload_->on_failed(why);
  if (stopping_) return;
  failure_ = "the service did not come up: " + why;
  exit_code_ = kFailed;
  stopping_ = true;
  supervisor_->kill_all();
}

void Master::on_worker_gone() {
  if (stopping_ && supervisor_->empty()) finish();
}

void Master::reopen_log() {
  if (!access_log_) return;
  Result<sys::Fd> log = sys::open_log(options_.access_log);
  if (!log) return log_.line(log.error().text + ", the old log goes on");
  supervisor_->send_access_log(log->get());
  access_log_ = std::move(log).value();
}

// ---------------------------------------------------------------- the end

// How children are ended: first they are asked, then, after their time, they are killed.
void Master::begin_stop(uint32_t timeout_ms) {
  stopping_ = true;
  log_.line(timeout_ms ? "stopping within " + decimal(timeout_ms / 1000) + " s"
                       : "stopping when all is finished");
  uint64_t deadline_ms = timeout_ms ? reactor_->clock().now_ms + timeout_ms : 0;
  supervisor_->stop(deadline_ms);
  if (deadline_ms) reactor_->timers().arm(kill_timer_, deadline_ms + kKillAfterMs);
  if (supervisor_->empty()) finish();
}

void Master::finish() {
  log_.line("stopped");
  for (ControlReply& reply : stop_replies_) reply(true, "");
  reactor_->stop();
}

void Master::remove_traces() {
  control_.reset();
  if (listeners_) listeners_->remove_paths();
  if (pid_file_) pid_file_->remove();
  pid_file_.reset();
}

}  // namespace

int run_master(const MasterOptions& options, Application& application) {
  Master master(options, application);
  return master.run();
}

}  // namespace oklo
