#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace oklo {

// What one address may do on the whole host: at all addresses that the server listens on, in all its workers
// together. An IPv6 address counts with all others of its /64 network, which one client may have all of; who
// comes over a unix socket does not count. The address is that of the connection, or of the header of a
// trusted proxy (Entrance::proxy_protocol).
struct AddressLimits {
  // Connections at a time; 0: as many as it likes. One more is closed before anything of it is read, with
  // CloseReason::too_many.
  uint32_t connections = 0;
  // Requests in a second; 0: as many as it likes. A request is one of HTTP, also one for a WebSocket, a
  // connection to a raw service, or a datagram. The messages on connections do not count. A request over the
  // limit gets 429 with Retry-After before its handler is asked, a raw connection is closed with
  // CloseReason::too_many, and a datagram is dropped and counted in the status as packets_refused.
  uint32_t requests_s = 0;
  // So many requests may come at once, when there were few before: the bucket holds so many, and requests_s
  // flow in. 0: as many as requests_s.
  uint32_t burst = 0;
  // So many addresses are remembered at a time, more or less; one of which there is nothing to remember gives
  // its place to another. An address for which there is none is let in, and counted in the status as
  // addresses_unknown.
  uint32_t addresses = 50'000;
  // Networks, written as in Entrance, whose addresses have no limits.
  std::vector<std::string> except = {};

  friend bool operator==(const AddressLimits&, const AddressLimits&) = default;
};

}  // namespace oklo
