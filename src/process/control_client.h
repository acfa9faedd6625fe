#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace oklo {

struct ControlAnswer {
  bool ok = false;
  std::string text;  // the body, or what went wrong
};

// Sends a command to the master behind a control socket and waits for its answer.
Result<ControlAnswer> send_command(const std::string& path, std::string_view command);

// The control sockets in the default places behind which a master listens.
std::vector<std::string> running_services();

}  // namespace oklo
