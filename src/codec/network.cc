#include "codec/network.h"

#include <algorithm>

#include "base/number.h"

namespace oklo::codec {

namespace {

constexpr unsigned kV4At = 96;  // the bits in front of an IPv4 address
constexpr unsigned kBits = 128;

Error bad_network(std::string_view text, std::string_view what) {
  Error error;
  error.text.append("bad network \"").append(text).append("\": ").append(what);
  return error;
}

// The bits of one byte that belong to a prefix.
uint8_t mask_at(unsigned byte, unsigned bits) {
  unsigned here = std::clamp(bits, byte * 8, byte * 8 + 8) - byte * 8;
  return static_cast<uint8_t>(0xff00u >> here);
}

Ip prefix_of(const Ip& ip, unsigned bits) {
  Ip prefix = ip;
  for (unsigned i = 0; i < prefix.bytes.size(); i++) prefix.bytes[i] &= mask_at(i, bits);
  return prefix;
}

}  // namespace

bool Network::contains(const uint8_t* peer) const {
  if (kind == Kind::all) return true;
  if (kind == Kind::unix_sockets || !peer) return kind == Kind::unix_sockets && !peer;
  if (Ip::is_v4_form(peer) != ip.is_v4()) return false;
  for (unsigned i = 0; i < ip.bytes.size(); i++)
    if ((peer[i] & mask_at(i, bits)) != ip.bytes[i]) return false;
  return true;
}

std::string Network::to_string() const {
  if (kind == Kind::all) return "all";
  if (kind == Kind::unix_sockets) return "unix";
  if (bits == kBits) return ip.to_string();
  return ip.to_string() + '/' + decimal(ip.is_v4() ? bits - kV4At : bits);
}

Result<Network> parse_network(std::string_view text) {
  if (text == "all") return Network{Network::Kind::all};
  if (text == "unix") return Network{Network::Kind::unix_sockets};
  size_t slash = text.find('/');
  std::optional<Ip> ip = parse_ip(text.substr(0, slash));
  if (!ip) return bad_network(text, "write an IPv4 or IPv6 address, perhaps with /BITS, or all, or unix");
  if (slash == text.npos) return Network{Network::Kind::ip, *ip, kBits};
  // ::ffff:0:0/96 is all of IPv4, and 0.0.0.0/0 as well.
  bool dotted = text.find(':') == text.npos;
  std::optional<uint64_t> written = parse_decimal(text.substr(slash + 1));
  if (!written || *written > (dotted ? kBits - kV4At : kBits))
    return bad_network(text, dotted ? "the prefix has 0 to 32 bits" : "the prefix has 0 to 128 bits");
  Network network{Network::Kind::ip, *ip, static_cast<unsigned>(*written) + (dotted ? kV4At : 0)};
  network.ip = prefix_of(*ip, network.bits);
  if (network.ip == *ip) return network;
  if (ip->is_v4() && network.bits < kV4At) return bad_network(text, "write IPv4 networks as 10.0.0.0/8");
  return bad_network(text, "there are bits behind the prefix; is it " + network.to_string() + "?");
}

Result<std::vector<Network>> parse_networks(std::span<const std::string> texts) {
  std::vector<Network> networks;
  for (const std::string& text : texts) {
    Result<Network> network = parse_network(text);
    if (!network) return network.error();
    networks.push_back(*network);
  }
  return networks;
}

bool any_contains(std::span<const Network> networks, const uint8_t* peer) {
  return std::any_of(networks.begin(), networks.end(),
                     [peer](const Network& network) { return network.contains(peer); });
}

}  // namespace oklo::codec
