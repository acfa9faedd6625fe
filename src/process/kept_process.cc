#include "process/kept_process.h"

#include <algorithm>
#include <utility>

#include "base/number.h"
#include "process/watch_turn.h"
#include "sys/signal_fd.h"
#include "sys/socket_pair.h"

namespace oklo {

Result<void> KeptProcess::start() {
  Result<void> forked = events_.prepare();
  if (forked) forked = fork();
  return forked;
}

Result<void> KeptProcess::fork() {
  Result<sys::SocketPair> pair = sys::SocketPair::create();
  Result<pid_t> pid = pair ? sys::fork_process() : Result<pid_t>(pair.error());
  if (!pid) return pid.error();
  if (*pid == 0) events_.run(std::move(pair->second));
  uint64_t now_ms = context_.reactor->clock().now_ms;
  life_ = std::make_unique<Life>();
  life_->pid = *pid;
  life_->name = name_;
  life_->started_ms = now_ms;
  watched_.clear();
  context_.reactor->timers().arm(*this, now_ms + kStartTimeMsMax);
  listen_to(std::move(pair->first));
  return {};
}

// What matters of its end is when it is reaped.
void KeptProcess::listen_to(sys::Fd channel) {
  ControlChannel::Events events;
  events.on_message = [this](const ControlMessage& message, sys::Fd) {
    bool ready = message.type == ControlMessage::Type::ready && life_->state == Life::State::starting;
    if (ready) {
      life_->state = Life::State::ready;
      context_.reactor->timers().cancel(*this);
    }
    if (message.type == ControlMessage::Type::failed) life_->failure = message.text;
    events_.on_message(message);
  };
  events.on_end = [] {};
  auto made = ControlChannel::create(*context_.reactor, std::move(channel), std::move(events));
  if (made) life_->channel = std::move(made).value();
  else life_->kill(made.error().text);
}

// The wait for the next one is over, or this one did not come up.
void KeptProcess::on_timer() {
  if (life_) return life_->kill("it was not ready within " + decimal(kStartTimeMsMax / 1000) + " s");
  Result<void> started = start();
  if (started) return;
  context_.log->line("cannot start the " + name_ + ": " + started.error().text);
  context_.reactor->timers().arm(*this, context_.reactor->clock().now_ms + kAgainMs);
}

// Without either of them nothing is served, so the wait is never long.
uint32_t KeptProcess::start_again() {
  uint32_t wait_ms = std::min(backoff_.on_death(lived_ms_), Backoff::kFirstMs);
  context_.reactor->timers().arm(*this, context_.reactor->clock().now_ms + wait_ms);
  return wait_ms;
}

bool KeptProcess::tell(const ControlMessage& message, int passed_fd) {
  return life_ && life_->channel && life_->channel->send(message, passed_fd);
}

void KeptProcess::leave(DrainMode mode, uint64_t deadline_ms) {
  if (!life_ || life_->state == Life::State::killed) return;
  life_->state = Life::State::draining;
  ControlMessage message(ControlMessage::Type::drain, static_cast<uint32_t>(mode));
  message.deadline_ms = deadline_ms;
  if (!tell(message)) life_->kill("it did not take the order to leave");
  if (life_->stopped) sys::send_signal(life_->pid, SIGCONT);
}

void KeptProcess::kill(const std::string& why) {
  context_.reactor->timers().cancel(*this);
  if (life_) life_->kill(why);
}

bool KeptProcess::on_child_event(const sys::ChildEvent& event) {
  using Kind = sys::ChildEvent::Kind;
  if (!life_ || event.pid != life_->pid) return false;
  life_->stopped = event.kind == Kind::stopped;
  for (Watched& one : watched_) one.from_ms = context_.reactor->clock().now_ms;
  if (event.kind == Kind::exited || event.kind == Kind::killed) on_gone(event);
  else context_.log->line(life_->name + (life_->stopped ? " was stopped" : " goes on"));
  return true;
}

void KeptProcess::watch(const std::vector<uint32_t>& rows) {
  if (!life_ || life_->stopped) return;
  watched_.resize(rows.size() + 1);
  std::string pid = " (pid " + decimal(static_cast<uint64_t>(life_->pid)) + ")";
  for (size_t i = 0; i < rows.size(); i++) {
    LifeRow& row = context_.scoreboard->life(rows[i]);
    std::string name = context_.scoreboard->slot(row.slot).name;
    row.late = watch_turn(context_, *life_, row, watched_[i], name + pid) != Verdict::well;
  }
  const ThreadTurn& first = context_.scoreboard->life(rows.front()).first_thread;
  watch_turn(context_, *life_, first, watched_.back(), name_ + pid);
}

void KeptProcess::on_gone(const sys::ChildEvent& event) {
  if (life_->channel) life_->channel->receive_rest();
  std::unique_ptr<Life> gone = std::exchange(life_, nullptr);
  context_.reactor->timers().cancel(*this);
  lived_ms_ = context_.reactor->clock().now_ms - gone->started_ms;
  std::string why = gone->failure.empty() ? "" : ": " + gone->failure;
  std::string who = name_ + " (pid " + decimal(static_cast<uint64_t>(gone->pid)) + ") ";
  events_.on_gone(who + event.how() + why);
}

}  // namespace oklo
