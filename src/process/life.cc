#include "process/life.h"

#include "base/number.h"

namespace oklo {

std::string Life::describe() const {
  return name + " (pid " + decimal(static_cast<uint64_t>(pid)) + ", generation " + decimal(generation) + ")";
}

void Life::tell(ControlMessage::Type type, uint32_t argument) {
  ControlMessage message;
  message.type = type;
  message.argument = argument;
  if (channel) channel->send(message);
}

}  // namespace oklo
