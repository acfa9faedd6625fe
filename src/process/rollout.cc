#include "process/rollout.h"

#include <algorithm>
#include <utility>

#include "base/number.h"

namespace oklo {

Result<void> Rollout::open(MasterOptions options) {
  auto made = Deployment::create(ground_, {std::move(options), first_}, nullptr, [this] { on_gone(); });
  if (!made) return made.error();
  current_ = std::move(made).value();
  return {};
}

Result<void> Rollout::start(ControlReply outcome) { return current_->start(std::move(outcome)); }

void Rollout::arm(Later& timer, uint32_t ms) {
  ground_.reactor.timers().arm(timer, ground_.reactor.clock().now_ms + ms);
}

// ---------------------------------------------------------------- asking for a change

// Whoever asks for the same while it waits shares it with the one before.
void Rollout::request(Request request) {
  waiting_.push_back(std::move(request));
  if (!busy_) begin();
}

void Rollout::begin() {
  if (busy_ || waiting_.empty() || stopping_) return;
  busy_ = true;
  Request request = std::move(waiting_.front());
  waiting_.pop_front();
  replies_.push_back(std::move(request.reply));
  while (!waiting_.empty() && waiting_.front().kind == request.kind &&
         waiting_.front().workers == request.workers) {
    replies_.push_back(std::move(waiting_.front().reply));
    waiting_.pop_front();
  }
  begin(request);
}

void Rollout::begin(const Request& request) {
  Result<std::optional<Plan>> plan = plan_for(request);
  if (!plan) return give_up(plan.error().text);
  if (*plan) return deploy(std::move(**plan));
  current_->tree().reload([this](bool ok, std::string_view text) { end(ok, std::string(text)); });
}

// Nothing: the workers alone are replaced.
Result<std::optional<Plan>> Rollout::plan_for(const Request& request) {
  if (request.kind == Kind::configuration) {
    Result<Application::Wanted> wanted = first_->configure();
    if (!wanted) return wanted.error();
    return std::move(wanted->plan);
  }
  if (request.kind == Kind::workers_alone) return std::optional<Plan>();
  if (request.workers == current_->workers())
    return Error{0, "there are " + decimal(request.workers) + " workers already"};
  Plan plan = current_->plan();
  plan.options.workers = request.workers;
  return std::optional<Plan>(std::move(plan));
}

// ---------------------------------------------------------------- the next one

void Rollout::deploy(Plan plan) {
  current_->application().on_reload();
  auto made = Deployment::create(ground_, std::move(plan), current_.get(), [this] { on_gone(); });
  if (!made) return give_up(made.error().text);
  next_ = std::move(made).value();
  Result<void> started = next_->start([this](bool ok, std::string_view text) { on_outcome(ok, text); });
  if (!started) give_up(started.error().text);
}

// What comes later, when it is over, is of no interest.
void Rollout::on_outcome(bool ok, std::string_view text) {
  if (!next_) return;
  if (ok) arm(proof_, kProofMs);
  else give_up(std::string(text));
}

void Rollout::look_whether_well() {
  if (!next_) return;
  if (uint32_t died = next_->restarts())
    return give_up("within " + decimal(kProofMs) + " ms after the new generation was ready " + decimal(died) +
                   (died == 1 ? " process" : " processes") + " of it died");
  next_->listeners().take_over(current_->listeners());
  steered_until_ms_ = ground_.reactor.clock().now_ms + kSteerMsMax;
  if (current_->listeners().has_rest(next_->listeners())) arm(steering_, kSteerMs);
  else take_over();
}

// Those that serve until now accept what waits where nothing new comes.
void Rollout::steer() {
  if (!next_) return;
  bool waits = !current_->listeners().rest_is_empty(next_->listeners());
  if (waits && ground_.reactor.clock().now_ms < steered_until_ms_) return arm(steering_, kSteerMs);
  take_over();
}

void Rollout::take_over() {
  current_->listeners().close_rest(next_->listeners());
  next_->take_over(current_.get());
  leaving_.push_back(std::exchange(current_, std::exchange(next_, nullptr)));
  leaving_.back()->leave();
  if (current_->plan().application != leaving_.back()->plan().application)
    current_->application().on_up(current_->listeners().addresses());
  if (leaving_.size() > kLeavingMax) {
    ground_.log.line("ending the oldest configuration: more than " + decimal(kLeavingMax) + " were draining");
    current_->scoreboard().service().generations_ended++;
    leaving_.front()->tree().kill_all();
  }
  follow();
  ServiceRow& service = current_->scoreboard().service();
  service.reloads++;
  std::string text = "generation " + decimal(service.generation) + " is ready";
  ground_.log.line("reloaded: " + text);
  end(true, text);
}

void Rollout::give_up(const std::string& why) {
  if (next_) {
    next_->listeners().discard(current_->listeners());
    next_->tree().kill_all();
    failed_.push_back(std::move(next_));
    ground_.reactor.post([this] { bury(); });
  }
  current_->scoreboard().service().reloads_failed++;
  ground_.log.lines("reload failed, the old workers go on: " + why);
  end(false, why);
}

void Rollout::end(bool ok, const std::string& text) {
  if (!std::exchange(busy_, false)) return;
  for (ControlReply& reply : std::exchange(replies_, {})) reply(ok, text);
  ground_.reactor.post([this] { begin(); });
}

// ---------------------------------------------------------------- their ends

// It may be in the middle of the tree that has ended with it.
void Rollout::on_gone() {
  ground_.reactor.post([this] { bury(); });
  on_gone_();
}

void Rollout::bury() {
  follow();
  auto gone = [](const std::unique_ptr<Deployment>& one) { return one->tree().empty(); };
  std::erase_if(leaving_, gone);
  std::erase_if(failed_, gone);
}

// Each follows the one before it, the oldest first, so what that has counted reaches the last.
void Rollout::follow() {
  for (size_t i = 0; i < leaving_.size(); i++)
    (i + 1 < leaving_.size() ? *leaving_[i + 1] : *current_).follow(*leaving_[i]);
  if (!leaving_.empty()) arm(following_, kFollowMs);
}

void Rollout::stop(uint64_t deadline_ms) {
  stopping_ = true;
  if (next_) give_up("the service is stopping");
  for (Request& request : std::exchange(waiting_, {})) request.reply(false, "the service is stopping");
  if (current_) current_->tree().stop(deadline_ms);
  for (auto& one : leaving_) one->tree().stop(deadline_ms);
}

void Rollout::kill_all() {
  stopping_ = true;
  for (auto& one : failed_) one->tree().kill_all();
  for (auto& one : leaving_) one->tree().kill_all();
  if (next_) next_->tree().kill_all();
  if (current_) current_->tree().kill_all();
}

bool Rollout::empty() const {
  auto gone = [](const std::unique_ptr<Deployment>& one) { return one->tree().empty(); };
  return (!current_ || gone(current_)) && (!next_ || gone(next_)) &&
         std::all_of(leaving_.begin(), leaving_.end(), gone) &&
         std::all_of(failed_.begin(), failed_.end(), gone);
}

void Rollout::on_child_event(const sys::ChildEvent& event) {
  if (current_) current_->tree().on_child_event(event);
  if (next_) next_->tree().on_child_event(event);
  for (auto& one : leaving_) one->tree().on_child_event(event);
  for (auto& one : failed_) one->tree().on_child_event(event);
}

ServiceView Rollout::view() {
  ServiceView view = current_->view();
  for (auto& one : leaving_) view.leaving.push_back({one->scoreboard(), one->view().connections});
  return view;
}

Result<void> Rollout::reopen_logs() {
  for (auto& one : leaving_)
    if (one->logs().reopen()) one->logs().send_to(one->tree());
  Result<void> reopened = current_->logs().reopen();
  if (reopened) current_->logs().send_to(current_->tree());
  return reopened;
}

}  // namespace oklo
