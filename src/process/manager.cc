#include "process/manager.h"

#include <optional>
#include <utility>

#include "process/here.h"
#include "process/keeper_voice.h"
#include "process/settle.h"
#include "process/watch_turn.h"
#include "process/worker_tree.h"
#include "reactor/signal_source.h"
#include "sys/process.h"

namespace oklo {

namespace {

class Manager {
 public:
  Manager(const KeeperContext& master, LifeRow& row, sys::Fd channel)
      : keeper_(master), row_(row), end_(std::move(channel)), log_(master.log->sink(), "manager") {
    log_.count_drops(row.error_lines_dropped);
  }

  int run();

 private:
  Result<void> begin();
  void settle_as_manager();
  Result<void> hear_master();
  Result<void> hear_children();
  Result<void> start();
  void on_message(const ControlMessage& message, sys::Fd passed);
  void on_log(const ControlMessage& message, sys::Fd passed);
  void on_outcome(bool ok, std::string_view text);
  void on_master_gone();
  void leave(DrainMode mode, uint64_t deadline_ms);
  void end_if_alone();

  KeeperContext keeper_;
  LifeRow& row_;
  sys::Fd end_;
  Log log_;
  std::unique_ptr<Reactor> reactor_;
  std::optional<Here> here_;
  std::unique_ptr<SignalSource> signals_;
  std::unique_ptr<ControlChannel> channel_;
  sys::Fd access_log_;
  KeeperVoice voice_;
  std::unique_ptr<Tree> tree_;
  bool failed_ = false;
  bool leaving_ = false;
};

int Manager::run() {
  if (Result<void> begun = begin(); !begun) {
    ControlMessage message(ControlMessage::Type::failed, 0, begun.error().text);
    if (!channel_ || !channel_->send(message)) log_.line("cannot start: " + begun.error().text);
    return 1;
  }
  if (keeper_.policy.watchdog_ms) answer_watchdog(row_, log_, "manager");
  reactor_->run();
  return failed_ ? 1 : 0;
}

Result<void> Manager::begin() {
  settle_as_manager();
  if (Result<void> entered = enter_root(keeper_.rights); !entered) return entered;
  Result<std::unique_ptr<Reactor>> reactor = Reactor::create(sys::file_limit());
  if (!reactor) return reactor.error();
  reactor_ = std::move(reactor).value();
  reactor_->count_turns(row_.turns);
  reactor_->tell_busy(row_.busy_since_ms);
  uint32_t generation = keeper_.scoreboard->service().generation;
  here_.emplace(*reactor_, log_, 0, keeper_.workers, generation);
  here_->mail = keeper_.mail;
  keeper_.reactor = reactor_.get();
  keeper_.log = &log_;
  keeper_.listeners = nullptr;
  if (Result<void> heard = hear_master(); !heard) return heard;
  if (Result<void> heard = hear_children(); !heard) return heard;
  if (Result<void> joined = voice_.join(keeper_, "manager", 1); !joined) return joined;
  return start();
}

// The ends of its own of what its children talk over are theirs; it keeps them to hand them on.
void Manager::settle_as_manager() {
  row_.pid = sys::current_pid();
  std::vector<int> keep = keeper_.keep;
  keep.push_back(end_.get());
  if (keeper_.access_log.fd > 2) access_log_.reset(keeper_.access_log.fd);
  if (access_log_) keep.push_back(access_log_.get());
  keeper_.wires->add_worker_ends(keep);
  keeper_.broadcast->add_fds(keep);
  if (keeper_.mail) keeper_.mail->add_fds(keep);
  if (keeper_.tasks) keeper_.tasks->add_fds(keep);
  settle("manager", std::move(keep), log_);
}

Result<void> Manager::hear_master() {
  ControlChannel::Events events;
  events.on_message = [this](const ControlMessage& message, sys::Fd passed) {
    on_message(message, std::move(passed));
  };
  events.on_end = [this] { on_master_gone(); };
  auto channel = ControlChannel::create(*reactor_, std::move(end_), std::move(events));
  if (!channel) return channel.error();
  channel_ = std::move(channel).value();
  return {};
}

Result<void> Manager::hear_children() {
  auto reap = [this](int) {
    while (std::optional<sys::ChildEvent> event = sys::next_child_event()) tree_->on_child_event(*event);
  };
  auto signals = SignalSource::create(*reactor_, {SIGCHLD}, reap);
  if (!signals) return signals.error();
  signals_ = std::move(signals).value();
  return {};
}

Result<void> Manager::start() {
  tree_ = std::make_unique<WorkerTree>(keeper_, true, [this] { end_if_alone(); });
  return tree_->start([this](bool ok, std::string_view text) {
    if (leaving_) return;
    failed_ = !ok;
    row_.state = ok ? LifeState::ready : LifeState::draining;
    auto type = ok ? ControlMessage::Type::ready : ControlMessage::Type::failed;
    channel_->send(ControlMessage(type, 0, text));
    if (!ok) tree_->kill_all();
    end_if_alone();
  });
}

void Manager::on_message(const ControlMessage& message, sys::Fd passed) {
  using Type = ControlMessage::Type;
  switch (message.type) {
    case Type::reload:
      return tree_->reload([this](bool ok, std::string_view text) {
        channel_->send(ControlMessage(Type::outcome, ok, text));
      });
    case Type::signal: return tree_->pass_on(static_cast<int>(message.argument));
    case Type::drain: return leave(static_cast<DrainMode>(message.argument), message.deadline_ms);
    case Type::log: return on_log(message, std::move(passed));
    default: return;
  }
}

void Manager::on_log(const ControlMessage& message, sys::Fd passed) {
  if (!passed) return;
  if (message.log_kind() == LogKind::error) take_error_log(log_, passed.get(), message.log_priority());
  tree_->send_log(message.log_kind(), {passed.get(), message.log_priority()});
  if (message.log_kind() == LogKind::access) access_log_ = std::move(passed);
}

// Its children hear it then, or the kernel ends them, as the master's do in base mode.
void Manager::on_master_gone() {
  log_.line("the master is gone, leaving");
  reactor_->stop();
}

void Manager::leave(DrainMode mode, uint64_t deadline_ms) {
  leaving_ = true;
  row_.state = LifeState::draining;
  if (mode == DrainMode::stop) tree_->stop(deadline_ms);
  else tree_->leave(deadline_ms);
  end_if_alone();
}

void Manager::end_if_alone() {
  if ((!leaving_ && !failed_) || !tree_->empty()) return;
  channel_->send(ControlMessage(ControlMessage::Type::drained));
  reactor_->stop();
}

}  // namespace

void run_manager(const KeeperContext& master, LifeRow& row, sys::Fd channel) {
  Manager manager(master, row, std::move(channel));
  sys::exit_now(manager.run());
}

}  // namespace oklo
