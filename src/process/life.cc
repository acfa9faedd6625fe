#include "process/life.h"

#include "base/number.h"
#include "sys/signal_fd.h"

namespace oklo {

std::string Life::describe() const {
  return name + " (pid " + decimal(static_cast<uint64_t>(pid)) + ", generation " + decimal(generation) + ")";
}

void Life::tell(ControlMessage::Type type, uint32_t argument) {
  if (channel) channel->send(ControlMessage(type, argument));
}

void Life::kill(const std::string& why) {
  if (state == State::killed) return;
  state = State::killed;
  failure = why;
  sys::send_signal(pid, SIGKILL);
}

}  // namespace oklo
