#include "server/user_process.h"

#include <utility>

#include "server/part_name.h"
#include "sys/process.h"

namespace oklo {

const char* ProcessPart::fault() const {
  if (const char* fault = fault_of_name(name)) return fault;
  return start ? nullptr : "its function is missing";
}

// The function may never return. Then no turn ends and no channel is read, so what it sends leaves at once,
// and the kernel sees to it that it does not outlive its keeper.
void UserProcess::serve(uint32_t) {
  if (leaving() || std::exchange(begun_, true)) return;
  relay().send_at_once(true);
  sys::die_with_parent(context_.keeper);
  part_.start();
  sys::outlive_parent();
  relay().send_at_once(false);
}

void UserProcess::on_leave() {
  if (begun_ && part_.options.on_stop) part_.options.on_stop();
  finish();
}

}  // namespace oklo
