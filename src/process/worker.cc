#include "process/worker.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "process/here.h"
#include "process/mailbox_reader.h"
#include "process/own_signals.h"
#include "process/settle.h"
#include "process/task_asker.h"
#include "process/watch_turn.h"
#include "sys/process.h"
#include "sys/socket_pair.h"

namespace oklo {

namespace {

// A worker process, or one of the program's own, or a thread of the gate: the service of the application, and
// the channel over which its keeper steers it. The master's signals stay blocked in it, as they were when it
// was forked: what a terminal sends to the whole group is for the master to decide.
class Worker {
 public:
  Worker(Application& application, WorkerStart start) : application_(application), start_(std::move(start)) {}

  int run();

 private:
  Result<void> become_process();
  Result<void> begin();
  Result<void> hear_signals();
  Result<void> hear_tasks();
  void pin();
  void on_message(const ControlMessage& message, sys::Fd passed);
  void on_log(const ControlMessage& message, sys::Fd passed);
  void leave(DrainMode mode, uint64_t deadline_ms);
  void close_listeners();
  void on_keeper_gone();
  void on_left();
  void on_drained();
  int fail(const Error& error);

  WorkerContext& context() { return start_.context; }

  Application& application_;
  WorkerStart start_;
  std::unique_ptr<Reactor> reactor_;
  std::optional<Here> here_;
  std::unique_ptr<ControlChannel> channel_;
  std::unique_ptr<TaskAsker> tasks_;
  std::unique_ptr<WorkerService> service_;
  std::unique_ptr<MailboxReader> mail_;
  std::unique_ptr<SignalSource> signals_;
  sys::Fd access_log_;
};

int Worker::run() {
  if (Result<void> settled = become_process(); !settled) return fail(settled.error());
  if (Result<void> begun = begin(); !begun) return fail(begun.error());
  context().row->state = LifeState::ready;
  channel_->send(ControlMessage(ControlMessage::Type::ready));
  if (start_.policy.watchdog_ms) answer_watchdog(*context().row, *context().log, context().name);
  reactor_->run();
  return 0;
}

// The master puts the reason into the log, and tells whoever asked for this worker.
int Worker::fail(const Error& error) {
  ControlMessage message(ControlMessage::Type::failed, 0, error.text);
  std::span<const char> bytes(reinterpret_cast<const char*>(&message), sizeof message);
  int channel = channel_ ? channel_->fd() : start_.channel.get();
  if (sys::send_message(channel, bytes) < 0) context().log->line("cannot start: " + error.text);
  return 1;
}

// A thread of the gate has nothing to settle: its process has.
Result<void> Worker::become_process() {
  context().log->count_drops(context().row->error_lines_dropped);
  if (context().access_log.fd > 2) access_log_.reset(context().access_log.fd);
  if (context().role == Role::gate_thread) return {};
  context().row->pid = sys::current_pid();
  std::vector<int> keep = start_.keep;
  for (const auto& of_address : context().listeners)
    keep.insert(keep.end(), of_address.begin(), of_address.end());
  keep.push_back(start_.channel.get());
  if (access_log_) keep.push_back(access_log_.get());
  settle(context().name, std::move(keep), *context().log);
  if (start_.policy.affinity) pin();
  return drop_rights(start_.rights, context().name, *context().log);
}

void Worker::pin() {
  Result<void> pinned = sys::pin_to_processor(context().slot);
  if (!pinned) context().log->line(pinned.error().text + "; it runs on any");
}

Result<void> Worker::begin() {
  Result<std::unique_ptr<Reactor>> reactor = Reactor::create(sys::file_limit());
  if (!reactor) return reactor.error();
  reactor_ = std::move(reactor).value();
  context().reactor = reactor_.get();
  reactor_->count_turns(context().row->turns);
  reactor_->tell_busy(context().row->busy_since_ms);
  uint32_t number = context().role == Role::gate_thread ? 0 : context().slot + 1;
  here_.emplace(*reactor_, *context().log, number, context().slots, context().generation);
  here_->mail = context().mail;
  ControlChannel::Events events;
  events.on_message = [this](const ControlMessage& message, sys::Fd passed) {
    on_message(message, std::move(passed));
  };
  events.on_end = [this] { on_keeper_gone(); };
  Result<std::unique_ptr<ControlChannel>> channel =
      ControlChannel::create(*reactor_, std::move(start_.channel), std::move(events));
  if (!channel) return channel.error();
  channel_ = std::move(channel).value();
  context().drained = [this] { on_drained(); };
  context().left = [this] { on_left(); };
  if (Result<void> heard = hear_tasks(); !heard) return heard;
  service_ = application_.make_service(context());
  if (Result<void> started = service_->start(); !started) return started;
  if (context().is_worker()) application_.on_worker_start(context().slot + 1);
  if (Result<void> heard = hear_signals(); !heard) return heard;
  auto mail = read_mail(context(), application_);
  if (!mail) return mail.error();
  mail_ = std::move(mail).value();
  return {};
}

// They were blocked in the master, so what came since the fork waits here.
Result<void> Worker::hear_signals() {
  auto source = hear_own_signals(*reactor_, Hearer::worker, start_.signals,
                                 [this](const OwnSignal& own) { application_.on_signal(own.number); });
  if (!source) return source.error();
  signals_ = std::move(source).value();
  return {};
}

Result<void> Worker::hear_tasks() {
  if (!context().task_table) return {};
  auto asker = TaskAsker::create(*reactor_, *context().task_table, context().life);
  if (!asker) return asker.error();
  tasks_ = std::move(asker).value();
  tasks_->on_room([this] { application_.on_task_drain(); });
  here_->tasks = context().tasks = tasks_.get();
  return {};
}

void Worker::on_message(const ControlMessage& message, sys::Fd passed) {
  using Type = ControlMessage::Type;
  switch (message.type) {
    case Type::serve: return service_->serve(message.argument);
    case Type::leave: return service_->leave(message.argument);
    case Type::drain: return leave(static_cast<DrainMode>(message.argument), message.deadline_ms);
    case Type::log: return on_log(message, std::move(passed));
    default: return;
  }
}

void Worker::on_log(const ControlMessage& message, sys::Fd passed) {
  if (!passed) return;
  if (message.log_kind() == LogKind::error)
    return take_error_log(*context().log, passed.get(), message.log_priority());
  service_->reopen_log({passed.get(), message.log_priority()});
  access_log_ = std::move(passed);
}

void Worker::on_keeper_gone() {
  std::string_view keeper = context().threads ? "the manager" : "the master";
  context().log->line(std::string(keeper) + " is gone, leaving");
  leave(DrainMode::stop, reactor_->clock().now_ms + start_.shutdown_timeout_ms);
}

void Worker::leave(DrainMode mode, uint64_t deadline_ms) {
  context().row->state = LifeState::draining;
  mail_.reset();
  service_->drain(mode, deadline_ms);
  if (context().role == Role::gate_thread) channel_->send(ControlMessage(ControlMessage::Type::left));
  else if (mode == DrainMode::stop) close_listeners();
}

// The service ends. A listener that stayed open would go on taking connections that no one accepts.
void Worker::close_listeners() {
  for (auto& of_address : context().listeners) {
    for (int listener : of_address) sys::Fd(listener).reset();
    of_address.clear();
  }
}

void Worker::on_left() {
  if (context().row->reads_wires.exchange(false)) channel_->send(ControlMessage(ControlMessage::Type::left));
}

void Worker::on_drained() {
  if (context().is_worker()) application_.on_worker_stop(context().slot + 1);
  channel_->send(ControlMessage(ControlMessage::Type::drained));
  reactor_->stop();
}

}  // namespace

void run_worker(Application& application, WorkerStart start) {
  Worker worker(application, std::move(start));
  sys::exit_now(worker.run());
}

void run_gate_thread(Application& application, WorkerStart start) {
  Worker(application, std::move(start)).run();
}

}  // namespace oklo
