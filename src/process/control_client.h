#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sys/fd.h"

namespace oklo {

struct ControlAnswer {
  bool ok = false;
  std::string text;  // the body, or what went wrong
};

// A connection to the master behind a control socket.
Result<sys::Fd> connect_to_service(const std::string& path);
// What all that came over it means.
Result<ControlAnswer> read_answer(const std::string& path, std::string_view answer);

// Sends a command to the master behind a control socket and waits for its answer.
Result<ControlAnswer> send_command(const std::string& path, std::string_view command);

// The control sockets in the default places behind which a master listens.
std::vector<std::string> running_services();

}  // namespace oklo
