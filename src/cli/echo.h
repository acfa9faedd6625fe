#pragma once

#include <string>

#include <oklo/server.h>

namespace oklo::cli {

// Sends back what comes over TCP and over UDP at this address.
void add_echo(Server& server, const std::string& address);

// The address with the port behind its own, where the demo echoes beside its pages; port 0 behind 0 and
// 65535. Empty for a unix socket, and for what is no address.
std::string address_behind(const std::string& address);

}  // namespace oklo::cli
