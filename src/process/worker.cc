#include "process/worker.h"

#include <algorithm>
#include <utility>

#include "base/number.h"
#include "sys/process.h"
#include "sys/signal_fd.h"

namespace oklo {

namespace {

// A worker process: the service of the application, and the channel over which the master steers it. The
// master's signals stay blocked in it, as they were when it was forked: what a terminal sends to the
// whole group is for the master to decide.
class Worker {
 public:
  Worker(Application& application, WorkerStart start) : application_(application), start_(std::move(start)) {}

  int run();

 private:
  Result<void> settle();
  Result<void> begin();
  void on_message(const ControlMessage& message, sys::Fd passed);
  void on_master_gone();
  void on_drained();
  int fail(const Error& error);

  WorkerContext& context() { return start_.context; }

  Application& application_;
  WorkerStart start_;
  std::unique_ptr<Reactor> reactor_;
  std::unique_ptr<ControlChannel> channel_;
  std::unique_ptr<WorkerService> service_;
  sys::Fd access_log_;
};

int Worker::run() {
  if (Result<void> settled = settle(); !settled) return fail(settled.error());
  if (Result<void> begun = begin(); !begun) return fail(begun.error());
  context().row->state = LifeState::ready;
  channel_->send({ControlMessage::Type::ready});
  reactor_->run();
  return 0;
}

int Worker::fail(const Error& error) {
  context().log->line("cannot start: " + error.text);
  return 1;
}

// Becomes a process of its own: only the fds of its role, its title, its rights.
Result<void> Worker::settle() {
  std::vector<int> keep = start_.keep;
  for (const auto& of_address : context().listeners)
    keep.insert(keep.end(), of_address.begin(), of_address.end());
  keep.push_back(start_.channel.get());
  if (context().access_log_fd > 2) keep.push_back(context().access_log_fd);
  std::sort(keep.begin(), keep.end());
  sys::close_all_fds_except(keep);
  std::string name = "worker " + decimal(context().slot + 1);
  sys::set_title("oklo: " + name);
  context().log->set_name(name);
  sys::ignore_sigpipe();
  if (start_.changes_user) return sys::become_user(start_.user.uid, start_.user.gid);
  return {};
}

Result<void> Worker::begin() {
  Result<std::unique_ptr<Reactor>> reactor = Reactor::create(sys::file_limit());
  if (!reactor) return reactor.error();
  reactor_ = std::move(reactor).value();
  context().reactor = reactor_.get();
  reactor_->on_turn([row = context().row] { row->turns.add(1); });
  ControlChannel::Events events;
  events.on_message = [this](const ControlMessage& message, sys::Fd passed) {
    on_message(message, std::move(passed));
  };
  events.on_end = [this] { on_master_gone(); };
  Result<std::unique_ptr<ControlChannel>> channel =
      ControlChannel::create(*reactor_, std::move(start_.channel), std::move(events));
  if (!channel) return channel.error();
  channel_ = std::move(channel).value();
  context().drained = [this] { on_drained(); };
  service_ = application_.make_service(context());
  return service_->start();
}

void Worker::on_message(const ControlMessage& message, sys::Fd passed) {
  using Type = ControlMessage::Type;
  switch (message.type) {
    case Type::serve: return service_->serve(message.argument);
    case Type::leave: return service_->leave(message.argument);
    case Type::drain:
      context().row->state = LifeState::draining;
      return service_->drain(static_cast<DrainMode>(message.argument), message.deadline_ms);
    case Type::log:
      service_->reopen_log(passed.get());
      access_log_ = std::move(passed);
      return;
    case Type::ready:
    case Type::drained: return;
  }
}

void Worker::on_master_gone() {
  context().log->line("the master is gone, leaving");
  context().row->state = LifeState::draining;
  service_->drain(DrainMode::stop, reactor_->clock().now_ms + start_.shutdown_timeout_ms);
}

void Worker::on_drained() {
  channel_->send({ControlMessage::Type::drained});
  reactor_->stop();
}

}  // namespace

void run_worker(Application& application, WorkerStart start) {
  Worker worker(application, std::move(start));
  sys::exit_now(worker.run());
}

}  // namespace oklo
