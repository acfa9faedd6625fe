#pragma once

#include <cstdint>
#include <string>

#include <oklo/datagram.h>
#include <oklo/stream.h>
#include <oklo/websocket.h>

namespace oklo::config {

// Sends back what comes. A client that sends and does not read is not read from either.
StreamHandlers echo_stream();
WebSocketHandlers echo_websocket();
// At this address.
DatagramHandlers echo_datagrams(const std::string& address);

// Whether a datagram from this peer may be answered. A service that answers datagrams, as another echo, must
// not be: a forged datagram would go back and forth between the two for ever (CERT CA-1996-01). The
// well-known ports have such services, and `own_port` another oklo.
bool may_echo_to(const std::string& peer, uint16_t own_port);

}  // namespace oklo::config
