#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/ip.h"

namespace oklo::codec {

// Some of the addresses that peers may have. An IPv4 address is in networks of IPv4 alone, in whichever form
// it came, and an IPv6 address in those of IPv6.
struct Network {
  enum class Kind : uint8_t { ip, all, unix_sockets };

  Kind kind = Kind::all;
  Ip ip = {};        // of Kind::ip; the bits behind the prefix are zero
  unsigned bits = 0;  // of the prefix, in the IPv6 form: that of an IPv4 network has 96 more

  // `peer`: 16 bytes in the IPv6 form, nullptr for a peer on a unix socket.
  bool contains(const uint8_t* peer) const;
  // As parse_network reads it.
  std::string to_string() const;

  friend bool operator==(const Network&, const Network&) = default;
};

// "10.0.0.0/8", "2001:db8::/32"; "192.0.2.7", "::1": that address alone; "all", "unix". The Error says what
// is wrong: also bits behind the prefix, which are a mistake of somebody.
Result<Network> parse_network(std::string_view text);
Result<std::vector<Network>> parse_networks(std::span<const std::string> texts);

bool any_contains(std::span<const Network> networks, const uint8_t* peer);

}  // namespace oklo::codec
