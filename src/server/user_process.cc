#include "server/user_process.h"

#include <algorithm>
#include <utility>

#include "sys/process.h"

namespace oklo {

const char* ProcessPart::fault() const {
  bool shown = std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (name.empty() || name.size() > kProcessNameBytesMax) return "its name must have 1 to 31 bytes";
  if (!shown) return "its name must be ASCII without blanks";
  return start ? nullptr : "its function is missing";
}

UserProcess::UserProcess(WorkerContext& context, const ProcessPart& part, Reach reach,
                         uint32_t connections_max)
    : context_(context),
      part_(part),
      pool_(*context.reactor, *context.connections, *context.row, context.life, connections_max),
      connector_(pool_),
      messenger_(context, reach, &pool_) {
  pool_.on_erase([this] { end_if_alone(); });
}

Result<void> UserProcess::start() { return messenger_.start(); }

// The function may never return. Then no turn ends and no channel is read, so what it sends leaves at once,
// and the kernel sees to it that it does not outlive its keeper.
void UserProcess::serve(uint32_t) {
  if (leaving_ || std::exchange(begun_, true)) return;
  messenger_.relay().send_at_once(true);
  sys::die_with_parent(context_.keeper);
  part_.start();
  sys::outlive_parent();
  messenger_.relay().send_at_once(false);
}

void UserProcess::drain(DrainMode, uint64_t deadline_ms) {
  if (deadline_ms && !finished_) context_.reactor->timers().arm(*this, deadline_ms);
  if (std::exchange(leaving_, true)) return;
  if (begun_ && part_.options.on_stop) part_.options.on_stop();
  connector_.leave();
  pool_.drain_clients();
  end_if_alone();
}

// What its clients have sent goes out first.
void UserProcess::end_if_alone() {
  if (!leaving_ || !pool_.empty() || std::exchange(finished_, true)) return;
  context_.reactor->timers().cancel(*this);
  context_.drained();
}

}  // namespace oklo
