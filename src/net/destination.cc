#include "net/destination.h"

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "base/number.h"
#include "sys/outgoing.h"

namespace oklo {

namespace {

Error bad_address(std::string_view text, std::string_view what) {
  Error error;
  error.text.append("bad address \"").append(text).append("\": ").append(what);
  error.text.append("; write NAME:PORT, IPV4:PORT, [IPV6]:PORT or unix:/PATH");
  return error;
}

bool has_colon(std::string_view text) { return text.find(':') != text.npos; }

// What consists of these alone is no name (RFC 1123 section 2.1).
bool looks_like_ipv4(std::string_view host) {
  return std::all_of(host.begin(), host.end(), [](char c) { return is_digit(c) || c == '.'; });
}

Result<Destination> numeric(std::string_view text, std::string_view host, uint16_t port,
                            std::string_view fault) {
  std::optional<sys::Address> address = sys::numeric_address(host, port);
  if (!address) return bad_address(text, fault);
  return Destination{*address};
}

Result<Destination> parse_host(std::string_view text, std::string_view host, uint16_t port) {
  if (host.starts_with('[')) {
    std::string_view inner = host.substr(1, host.size() - 2);
    if (host.back() != ']') return bad_address(text, "\"]\" is missing before the port");
    return numeric(text, has_colon(inner) ? inner : "", port, "what stands in \"[]\" is not an IPv6 address");
  }
  if (has_colon(host)) return bad_address(text, "an IPv6 address stands in \"[]\"");
  if (looks_like_ipv4(host)) return numeric(text, host, port, "the host is not an IPv4 address");
  return Destination{{}, std::string(host), port};
}

}  // namespace

Result<Destination> parse_destination(std::string_view text) {
  if (text.starts_with("unix:")) {
    Result<sys::Address> path = sys::Address::parse(text);
    if (!path) return path.error();
    return Destination{*path};
  }
  size_t colon = text.rfind(':');
  if (colon == text.npos || text.ends_with(']')) return bad_address(text, "the port is missing");
  std::optional<uint64_t> port = parse_decimal(text.substr(colon + 1));
  if (!port || *port == 0 || *port > 65535)
    return bad_address(text, "the port is not a number from 1 to 65535");
  if (colon == 0) return bad_address(text, "the host is missing");
  return parse_host(text, text.substr(0, colon), static_cast<uint16_t>(*port));
}

}  // namespace oklo
