#include "process/reload.h"

#include <utility>

#include "base/number.h"
#include "process/here.h"

namespace oklo {

Result<void> Reload::first(ControlReply outcome) {
  running_ = true;
  waiting_.push_back(std::move(outcome));
  return fork_generation();
}

void Reload::request(ControlReply reply) {
  next_.push_back(std::move(reply));
  if (!running_) begin();
}

void Reload::begin() {
  running_ = true;
  context_.application->on_reload();
  waiting_ = std::exchange(next_, {});
  if (Result<void> forked = fork_generation(); !forked) end(false, forked.error().text);
}

Result<void> Reload::fork_generation() {
  generation_++;
  std::vector<int> keep;
  Result<void> prepared = context_.prepare(keep);
  if (prepared) context_.keep = std::move(keep);
  else if (!first_ || !opened_) return prepared;
  else context_.log->line(prepared.error().text + "; what was open when the service started is served");
  return supervisor_.fork_next(generation_);
}

void Reload::on_ready() {
  if (!running_ || !supervisor_.next_ready()) return;
  supervisor_.promote();
  Here::current().generation = generation_;
  context_.scoreboard->service().generation = generation_;
  end(true, "generation " + decimal(generation_) + " is ready");
}

void Reload::on_failed(const std::string& why) {
  if (!running_) return;
  supervisor_.drop_next();
  end(false, why);
}

void Reload::end(bool ok, const std::string& text) {
  running_ = false;
  ServiceRow& row = context_.scoreboard->service();
  if (!std::exchange(first_, false)) {
    (ok ? row.reloads : row.reloads_failed)++;
    context_.log->line((ok ? "reloaded: " : "reload failed, the old workers go on: ") + text);
  }
  for (ControlReply& reply : std::exchange(waiting_, {})) reply(ok, text);
  if (!next_.empty()) context_.reactor->post([this] { if (!running_ && !next_.empty()) begin(); });
}

}  // namespace oklo
