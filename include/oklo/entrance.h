#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace oklo {

// Who may come in at one address, and who they are. A network is written "10.0.0.0/8", "2001:db8::/32",
// "192.0.2.7" or "::1" (one address), "all", or "unix" (who comes over a unix socket); a wrong one is an
// error of run. An IPv4 address is in networks of IPv4 alone, whichever form it comes in.
struct Entrance {
  // Rules in an order, each "allow NETWORK" or "deny NETWORK": the first that has the peer decides. Where
  // none has it, the opposite of the last rule holds: so rules that only allow keep out all others, and rules
  // that only deny let in all others. Empty: all may come in. Who may not is closed at once, with
  // CloseReason::denied.
  std::vector<std::string> access = {};

  // The networks of proxies that send a header of the PROXY protocol, version 1 or 2, in front of what their
  // client sends. They must, and nobody else may come in: who is no proxy is closed with CloseReason::denied,
  // so that nobody can say that he is another. From the header on the address of the peer is that of the
  // header everywhere, for `access` and the limits of AddressLimits, too. Empty: nobody sends one.
  std::vector<std::string> proxy_protocol = {};
  // How long the header may take, in milliseconds: closed (CloseReason::header_timeout).
  uint32_t proxy_time_ms = 10'000;

  friend bool operator==(const Entrance&, const Entrance&) = default;
};

}  // namespace oklo
