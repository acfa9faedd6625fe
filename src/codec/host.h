#pragma once

#include <string_view>

namespace oklo::codec {

// Whether `text` is a host with an optional port, as Host and an authority have it (RFC 9110 section 7.2):
// a DNS-like name, an IPv4 address, or an IPv6 address in brackets; a port is at most 65535 or empty. A
// name whose last label is a number has to be an IPv4 address. Empty text is no host.
bool valid_host(std::string_view text);

// The same, and the port must be there (authority-form, RFC 9112 section 3.2.3).
bool valid_host_with_port(std::string_view text);

}  // namespace oklo::codec
