#pragma once

#include <string>

#include <oklo/server.h>

namespace oklo::cli {

// Sends back what comes over TCP and over UDP at this address.
void add_echo(Server& server, const std::string& address);

// The address with the port behind its own, where the demo echoes beside its pages; port 0 behind 0 and
// 65535. Empty for a unix socket, and for what is no address.
std::string address_behind(const std::string& address);

// Whether a datagram from this peer may be answered. A service that answers datagrams, as another echo, must
// not be: a forged datagram would go back and forth between the two for ever (CERT CA-1996-01). The
// well-known ports have such services, and `own_port` another demo.
bool may_echo_to(const std::string& peer, uint16_t own_port);

}  // namespace oklo::cli
