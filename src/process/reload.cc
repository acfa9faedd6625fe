#include "process/reload.h"

#include "base/number.h"

namespace oklo {

void Reload::request(ControlReply reply) {
  next_.push_back(std::move(reply));
  if (!running_) begin();
}

void Reload::begin() {
  running_ = true;
  waiting_ = std::exchange(next_, {});
  std::vector<int> keep;
  if (Result<void> prepared = service_.application->prepare(keep); !prepared)
    return end(false, prepared.error().text);
  service_.keep = std::move(keep);
  uint32_t generation = ++service_.scoreboard->service().generation;
  if (Result<void> forked = supervisor_.fork_next(generation); !forked)
    return end(false, forked.error().text);
  service_.reactor->timers().arm(*this, service_.reactor->clock().now_ms + kReadyTimeMs);
}

void Reload::on_ready() {
  if (!running_ || !supervisor_.next_ready()) return;
  supervisor_.promote();
  end(true, "generation " + decimal(service_.scoreboard->service().generation) + " is ready");
}

void Reload::on_failed(const std::string& why) {
  if (!running_) return;
  supervisor_.drop_next();
  end(false, why);
}

void Reload::on_timer() { on_failed("the workers were not ready in time"); }

void Reload::end(bool ok, const std::string& text) {
  service_.reactor->timers().cancel(*this);
  ServiceRow& row = service_.scoreboard->service();
  if (ok) row.reloads++;
  else row.reloads_failed++;
  service_.log->line((ok ? "reloaded: " : "reload failed, the old workers go on: ") + text);
  running_ = false;
  std::vector<ControlReply> done = std::exchange(waiting_, {});
  for (ControlReply& reply : done) reply(ok, text);
  if (!next_.empty()) service_.reactor->post([this] { if (!running_ && !next_.empty()) begin(); });
}

}  // namespace oklo
