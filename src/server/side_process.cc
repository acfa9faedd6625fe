#include "server/side_process.h"

#include <utility>

namespace oklo {

SideProcess::SideProcess(WorkerContext& context, Reach reach, uint32_t connections_max)
    : context_(context),
      pool_(*context.reactor, *context.connections, *context.row, context.life, connections_max),
      connector_(pool_),
      messenger_(context, reach, &pool_) {
  pool_.on_erase([this] { end_if_alone(); });
}

void SideProcess::drain(DrainMode, uint64_t deadline_ms) {
  if (deadline_ms && !finished_) context_.reactor->timers().arm(*this, deadline_ms);
  if (!std::exchange(leaving_, true)) on_leave();
}

// What its clients have sent goes out first.
void SideProcess::finish() {
  if (std::exchange(finishing_, true)) return;
  connector_.leave();
  pool_.drain_clients();
  end_if_alone();
}

void SideProcess::end_if_alone() {
  if (!finishing_ || !pool_.empty() || std::exchange(finished_, true)) return;
  context_.reactor->timers().cancel(*this);
  context_.drained();
}

// The time is over.
void SideProcess::on_timer() {
  finish();
  pool_.abort_all();
}

}  // namespace oklo
