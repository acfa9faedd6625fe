#include <oklo/server.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/number.h"
#include "process/master.h"
#include "process/single.h"
#include "server/base_worker.h"
#include "server/datagram_listener.h"
#include "server/gate_thread.h"
#include "server/http_site.h"
#include "server/process_worker.h"
#include "server/stream_core.h"
#include "server/stream_listener.h"
#include "server/task_worker.h"
#include "server/user_process.h"
#include "sys/process.h"

namespace oklo {

std::string_view version() { return OKLO_VERSION; }

// Who runs a program may want it in the other mode.
static Result<ServerMode> mode_of(const ServerOptions& options) {
  const char* wanted = std::getenv("OKLO_MODE");
  if (!wanted) return options.mode;
  if (std::string_view(wanted) == "process") return ServerMode::process;
  if (std::string_view(wanted) == "base") return ServerMode::base;
  return Error{0, "OKLO_MODE is base or process, not \"" + std::string(wanted) + "\""};
}

constexpr size_t kServicesMax = 256;  // the row of a connection names its own in a byte

// The server as the master's Application.
struct Server::Parts final : public Application {
  ServerOptions options;
  std::vector<std::unique_ptr<Service>> services;
  std::vector<ProcessPart> processes;
  std::vector<TaskPart> tasks;
  DispatchFunction dispatch_function;
  gate::Load load;  // of the workers, in the gate
  Function<void()> task_drain_function;
  Function<void(const std::vector<std::string>&)> on_up_function;
  Function<void(unsigned)> worker_start_function;
  Function<void(unsigned)> worker_stop_function;
  Function<void(unsigned, int, int)> worker_error_function;
  Function<void()> reload_function;
  Function<Reconfiguration()> configure_function;
  struct SignalFunction {
    OwnSignal signal;
    Function<void(int)> call;
  };
  std::vector<SignalFunction> signal_functions;
  Function<void(unsigned, std::string_view)> message_function;
  std::optional<Messenger> messenger;  // the master's

  Result<void> prepare(std::vector<int>& keep) override;
  std::unique_ptr<WorkerService> make_service(WorkerContext& context) override;
  Result<void> join_broadcast(WorkerContext& context) override {
    return messenger.emplace(context, reach(), nullptr).start();
  }
  void leave_broadcast() override { messenger.reset(); }
  Result<Wanted> configure() override;
  void on_up(const std::vector<sys::Address>& addresses) override;
  void on_worker_start(uint32_t number) override {
    if (worker_start_function) worker_start_function(number);
  }
  void on_worker_stop(uint32_t number) override {
    if (worker_stop_function) worker_stop_function(number);
  }
  void on_worker_error(uint32_t number, int32_t pid, int wait_status) override {
    if (worker_error_function) worker_error_function(number, pid, wait_status);
  }
  void on_message(uint32_t from, std::string_view bytes) override { message_function(from, bytes); }
  void on_task_drain() override {
    if (task_drain_function) task_drain_function();
  }
  void on_signal(int number) override {
    for (SignalFunction& function : signal_functions)
      if (function.signal.number == number) function.call(number);
  }
  void on_reload() override {
    if (reload_function) reload_function();
  }
  MasterOptions master_options() const;
  void add_task_workers(MasterOptions& to) const;
  Result<void> check_tasks() const;
  Reach reach() const;
};

// All is opened before anything is replaced: a worker of the running generation that dies after a reload
// that failed is forked from what was there before.
Result<void> Server::Parts::prepare(std::vector<int>& keep) {
  if (Result<ServerMode> mode = mode_of(options); !mode) return mode.error();
  if (services.size() > kServicesMax) return Error{0, "a server may have 256 addresses"};
  for (auto& service : services)
    if (Result<void> opened = service->open(); !opened) return opened;
  for (const ProcessPart& process : processes)
    if (const char* fault = process.fault()) return Error{0, "process " + process.name + ": " + fault};
  if (options.dispatch == Dispatch::function && !dispatch_function)
    return Error{0, "Dispatch::function wants Server::on_dispatch"};
  if (processes.size() > kProcessesMax) return Error{0, "a server may have 64 processes of its own"};
  if (Result<void> checked = check_tasks(); !checked) return checked;
  for (auto& service : services) service->adopt(keep);
  return {};
}

Result<Application::Wanted> Server::Parts::configure() {
  if (!configure_function) return Wanted();
  Reconfiguration read = configure_function();
  if (!read.fault.empty()) return Error{0, std::move(read.fault)};
  Wanted wanted;
  wanted.changes = std::move(read.changes);
  if (!read.server) return wanted;
  Plan& plan = wanted.plan.emplace();
  plan.options = read.server->parts_->master_options();
  plan.application = std::move(read.server->parts_);
  return wanted;
}

// Whether the limit of open files is why a worker takes no more connections; told once, by the first of them.
static void tell_cap(const WorkerContext& context, uint64_t own_max, uint64_t wanted) {
  constexpr uint64_t kFew = 4096;
  bool of_gate = context.role == Role::gate_thread;
  bool first = context.generation <= 1 && (of_gate ? context.thread : context.slot) == 0;
  if (!first || !(of_gate || (context.is_worker() && !context.threads))) return;
  if (own_max >= (wanted ? wanted : kFew)) return;
  context.log->line("connections are capped by the limit of open files, " + decimal(sys::file_limit()) +
                    ": each " + (of_gate ? "thread" : "worker") + " takes " + decimal(own_max) +
                    (wanted ? " and not " + decimal(wanted) : "") + "; raise it with ulimit -n");
}

std::unique_ptr<WorkerService> Server::Parts::make_service(WorkerContext& context) {
  // Some fds stay free for the files that connections ask for, and the bells of all lives have theirs.
  uint64_t limit = sys::file_limit();
  uint64_t reserved = 32 + std::min<uint64_t>(limit / 8, 1024);
  if (context.broadcast) reserved += context.broadcast->lives();
  if (context.task_table) reserved += context.task_table->lives();
  uint64_t own_max = limit > reserved + 8 ? limit - reserved : 8;
  // The threads of a gate have one limit of files.
  bool of_gate = context.role == Role::gate_thread;
  uint32_t owners = of_gate ? context.threads : context.slots;
  if (of_gate) own_max = std::max<uint64_t>(own_max / context.threads, 4);
  uint64_t wanted = options.connections_max ? options.connections_max / owners + 1 : 0;
  tell_cap(context, own_max, wanted);
  if (wanted) own_max = std::min(own_max, wanted);
  uint32_t max = static_cast<uint32_t>(own_max);
  if (of_gate)
    return std::make_unique<GateThread>(context, services, options, dispatch_function, load, reach(), max);
  uint32_t process = context.slot - context.slots;
  if (!context.is_worker() && process < processes.size())
    return std::make_unique<UserProcess>(context, processes[process], reach(), max);
  if (!context.is_worker()) return std::make_unique<TaskWorker>(context, tasks, reach(), max);
  if (context.threads)
    return std::make_unique<ProcessWorker>(context, services, reach(), options.access_log_format, max);
  auto worker = std::make_unique<BaseWorker>(context, reach(), options.access_log_format, max);
  worker->open_ports(services);
  return worker;
}

void Server::Parts::on_up(const std::vector<sys::Address>& addresses) {
  if (!on_up_function) return;
  std::vector<std::string> texts;
  for (const sys::Address& address : addresses) texts.push_back(address.to_string());
  on_up_function(texts);
}

// That of the service which needs most.
Reach Server::Parts::reach() const {
  Reach most = Reach::none;
  for (auto& service : services) most = std::max(most, service->reach());
  return most;
}

MasterOptions Server::Parts::master_options() const {
  MasterOptions master;
  Result<ServerMode> mode = mode_of(options);
  master.has_gate = mode.ok() && mode.value() == ServerMode::process;
  master.reactor_threads = options.reactor_threads;
  master.workers = options.workers;
  for (auto& service : services) master.listen.push_back(service->listen_address());
  master.broadcasts = reach() != Reach::none;
  master.user = options.user;
  master.group = options.group;
  master.chroot = options.chroot;
  master.control = options.control;
  master.pid_file = options.pid_file;
  master.daemon = options.daemon;
  master.error_log = options.error_log;
  master.access_log = options.access_log;
  master.shutdown_timeout_ms = options.shutdown_timeout_ms;
  master.connections_max = options.connections_max;
  master.per_address = options.per_address;
  master.messages = static_cast<bool>(message_function);
  for (auto& process : processes) master.processes.push_back({process.name, process.options.restart});
  for (auto& function : signal_functions) master.signals.push_back(function.signal);
  master.policy = {options.max_requests, options.affinity, options.watchdog_ms,
                   options.watchdog_action == WatchdogAction::replace, options.task_max_requests};
  add_task_workers(master);
  return master;
}

// What is out of its bounds is told by check_tasks, and must do no harm until then.
void Server::Parts::add_task_workers(MasterOptions& to) const {
  unsigned workers = std::min<unsigned>(options.task_workers, kTaskWorkersMax);
  for (unsigned i = 1; i <= workers; i++)
    to.processes.push_back({"task worker " + std::to_string(i), ProcessRestart::always, i});
  if (workers == 0) return;
  to.tasks.records = std::clamp<uint32_t>(options.task_queue, 1, kTaskQueueMax);
  to.tasks.bytes_max = std::min<uint32_t>(options.task_bytes_max, kTaskBytesMax);
  for (const TaskPart& part : tasks) {
    const TaskOptions& of = part.options;
    to.tasks.kinds.push_back({part.name, of.on_death == TaskOnDeath::retry, of.attempts, of.timeout_ms});
  }
}

Result<void> Server::Parts::check_tasks() const {
  if (options.task_workers > kTaskWorkersMax) return Error{0, "a server may have 64 task workers"};
  if (options.task_queue == 0 || options.task_queue > kTaskQueueMax)
    return Error{0, "task_queue must be 1 to 65536"};
  if (options.task_bytes_max > kTaskBytesMax) return Error{0, "task_bytes_max may be 64 MiB"};
  if (tasks.size() > kTaskKindsMax) return Error{0, "a server may have 256 kinds of tasks"};
  for (const TaskPart& part : tasks) {
    if (const char* fault = part.fault()) return Error{0, "task " + part.name + ": " + fault};
    auto same = [&part](const TaskPart& other) { return other.name == part.name; };
    if (std::count_if(tasks.begin(), tasks.end(), same) > 1)
      return Error{0, "task " + part.name + " is declared twice"};
  }
  return {};
}

Server::Server(ServerOptions options) : parts_(std::make_unique<Parts>()) {
  parts_->options = std::move(options);
}
Server::Server(Server&&) noexcept = default;
Server::~Server() = default;

void Server::http(std::string_view address, Router router, HttpLimits limits) {
  parts_->services.push_back(
      std::make_unique<HttpSite>(std::string(address), std::move(router.table_), limits));
}

void Server::tcp(std::string_view address, StreamHandlers handlers, StreamOptions options) {
  parts_->services.push_back(
      std::make_unique<StreamListener>(std::string(address), std::move(handlers), options));
}

void Server::tcp(std::string_view address, StreamCoroutine serve, StreamOptions options) {
  parts_->services.push_back(std::make_unique<StreamListener>(
      std::string(address), co::serving_handlers(std::move(serve), options), options,
      StreamListener::Bond::worker));
}

void Server::udp(std::string_view address, DatagramHandlers handlers, DatagramOptions options) {
  parts_->services.push_back(
      std::make_unique<DatagramListener>(std::string(address), std::move(handlers), options));
}

void Server::process(std::string_view name, Function<void()> start, ProcessOptions options) {
  parts_->processes.push_back({std::string(name), std::move(start), std::move(options)});
}

void Server::task(std::string_view name, TaskHandler handler, TaskOptions options) {
  parts_->tasks.push_back({std::string(name), std::move(handler), options});
}

void Server::on_dispatch(DispatchFunction function) { parts_->dispatch_function = std::move(function); }

void Server::on_task_drain(Function<void()> function) { parts_->task_drain_function = std::move(function); }

void Server::on_up(Function<void(const std::vector<std::string>&)> function) {
  parts_->on_up_function = std::move(function);
}

void Server::on_worker_start(Function<void(unsigned)> function) {
  parts_->worker_start_function = std::move(function);
}

void Server::on_worker_stop(Function<void(unsigned)> function) {
  parts_->worker_stop_function = std::move(function);
}

void Server::on_worker_error(Function<void(unsigned, int, int)> function) {
  parts_->worker_error_function = std::move(function);
}

void Server::on_reload(Function<void()> function) { parts_->reload_function = std::move(function); }

void Server::on_configure(Function<Reconfiguration()> function) {
  parts_->configure_function = std::move(function);
}

void Server::on_message(Function<void(unsigned, std::string_view)> function) {
  parts_->message_function = std::move(function);
}

void Server::on_signal(int signal, SignalPlace place, Function<void(int)> function) {
  std::erase_if(parts_->signal_functions, [signal](auto& one) { return one.signal.number == signal; });
  parts_->signal_functions.push_back({{signal, place == SignalPlace::workers}, std::move(function)});
}

int Server::run() {
  MasterOptions options = parts_->master_options();
  int code = parts_->options.debug_single ? run_single(options, *parts_) : run_master(options, *parts_);
  parts_->messenger.reset();
  return code;
}

}  // namespace oklo
