#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace oklo::codec {

// An IP address in its IPv6 form: an IPv4 address stands there as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2).
struct Ip {
  std::array<uint8_t, 16> bytes = {};

  bool is_v4() const { return is_v4_form(bytes.data()); }
  // Of 16 bytes.
  static bool is_v4_form(const uint8_t* bytes);
  // "192.0.2.1"; "2001:db8::1" as in RFC 5952.
  std::string to_string() const;

  friend bool operator==(const Ip&, const Ip&) = default;
};

// Four numbers without zeros in front, "192.0.2.1", or what RFC 4291 section 2.2 allows of IPv6, without
// brackets, zone and prefix. ::ffff:192.0.2.1 is that IPv4 address.
std::optional<Ip> parse_ip(std::string_view text);
std::optional<Ip> parse_ipv4(std::string_view text);
std::optional<Ip> parse_ipv6(std::string_view text);

}  // namespace oklo::codec
