#include "sys/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "base/ascii.h"
#include "base/number.h"

namespace oklo::sys {

namespace {

constexpr std::string_view kForms =
    "; write PORT, :PORT, IPV4:PORT, [IPV6]:PORT, localhost:PORT or unix:/PATH";

Error bad_address(std::string_view text, std::string_view what) {
  Error error;
  error.text.append("bad address \"").append(text).append("\": ").append(what).append(kForms);
  return error;
}

sockaddr_in6 all_addresses() {
  sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  return v6;
}

Result<Address> parse_unix(std::string_view text, std::string_view path) {
  sockaddr_un local = {};
  local.sun_family = AF_UNIX;
  if (path.empty()) return bad_address(text, "the path is missing");
  if (path.find('\0') != path.npos) return bad_address(text, "a path holds no zero byte");
  if (path.size() >= sizeof local.sun_path) return bad_address(text, "a path has at most 107 bytes");
  std::copy(path.begin(), path.end(), local.sun_path);
  size_t size = offsetof(sockaddr_un, sun_path) + path.size() + 1;
  return Address(reinterpret_cast<sockaddr*>(&local), static_cast<socklen_t>(size));
}

Result<Address> parse_v6(std::string_view text, std::string_view host) {
  if (host.size() < 2 || host.back() != ']') return bad_address(text, "\"]\" is missing before the port");
  sockaddr_in6 v6 = all_addresses();
  std::string inner(host.substr(1, host.size() - 2));
  if (inner.find('\0') != inner.npos || inet_pton(AF_INET6, inner.c_str(), &v6.sin6_addr) != 1)
    return bad_address(text, "what stands in \"[]\" is not an IPv6 address");
  return Address(reinterpret_cast<sockaddr*>(&v6), sizeof v6);
}

Result<Address> parse_v4(std::string_view text, std::string_view host) {
  sockaddr_in v4 = {};
  v4.sin_family = AF_INET;
  std::string inner(equal_ignoring_case(host, "localhost") ? "127.0.0.1" : host);
  if (inner.find(':') != inner.npos) return bad_address(text, "an IPv6 address stands in \"[]\"");
  if (inner.find('\0') != inner.npos || inet_pton(AF_INET, inner.c_str(), &v4.sin_addr) != 1)
    return bad_address(text, "the host is not an IPv4 address, and names are not looked up");
  return Address(reinterpret_cast<sockaddr*>(&v4), sizeof v4);
}

Result<Address> parse_host(std::string_view text, std::string_view host) {
  if (host.starts_with('[')) return parse_v6(text, host);
  if (!host.empty() && host != "*") return parse_v4(text, host);
  sockaddr_in6 v6 = all_addresses();
  return Address(reinterpret_cast<sockaddr*>(&v6), sizeof v6);
}

bool is_decimal(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

}  // namespace

Address::Address(const sockaddr* address, socklen_t length) {
  size_ = std::min<socklen_t>(length, sizeof storage_);
  std::memcpy(&storage_, address, size_);
  if (is_unix()) storage_.local.sun_path[sizeof storage_.local.sun_path - 1] = '\0';
  // On a socket for IPv6 and IPv4, an IPv4 peer comes as ::ffff:a.b.c.d; one peer has one form here.
  if (family() == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&storage_.v6.sin6_addr))
    *this = from_ip(storage_.v6.sin6_addr.s6_addr, port());
}

Result<Address> Address::parse(std::string_view text) {
  if (text.starts_with("unix:")) return parse_unix(text, text.substr(5));
  size_t colon = text.rfind(':');
  bool port_alone = colon == text.npos && is_decimal(text);
  if (colon == text.npos && !port_alone) return bad_address(text, "the port is missing");
  if (text.ends_with(']')) return bad_address(text, "the port is missing");
  std::optional<uint64_t> port = parse_decimal(port_alone ? text : text.substr(colon + 1));
  if (!port || *port > 65535) return bad_address(text, "the port is not a number from 0 to 65535");
  Result<Address> address = parse_host(text, port_alone ? "" : text.substr(0, colon));
  if (address) address->set_port(static_cast<uint16_t>(*port));
  return address;
}

std::string Address::host() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (family() == AF_INET) inet_ntop(AF_INET, &storage_.v4.sin_addr, text, sizeof text);
  if (family() == AF_INET6) inet_ntop(AF_INET6, &storage_.v6.sin6_addr, text, sizeof text);
  return text;
}

std::string Address::to_string() const {
  switch (family()) {
    case AF_INET: return host() + ':' + decimal(port());
    case AF_INET6: return '[' + host() + "]:" + decimal(port());
    case AF_UNIX: return "unix:" + (abstract_name().empty() ? path() : '@' + std::string(abstract_name()));
    default: return {};
  }
}

std::string_view Address::abstract_name() const {
  constexpr size_t kBefore = offsetof(sockaddr_un, sun_path) + 1;
  if (!is_unix() || size_ <= kBefore || *path()) return {};
  return {path() + 1, size_ - kBefore};
}

bool Address::is_loopback() const {
  if (family() == AF_INET) return ntohl(storage_.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
  return family() == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&storage_.v6.sin6_addr);
}

uint16_t Address::port() const {
  if (family() == AF_INET) return ntohs(storage_.v4.sin_port);
  return family() == AF_INET6 ? ntohs(storage_.v6.sin6_port) : uint16_t{0};
}

void Address::set_port(uint16_t port) {
  if (family() == AF_INET) storage_.v4.sin_port = htons(port);
  if (family() == AF_INET6) storage_.v6.sin6_port = htons(port);
}

void Address::copy_ip(uint8_t out[16]) const {
  std::memset(out, 0, 16);
  if (family() == AF_INET6) std::memcpy(out, &storage_.v6.sin6_addr, 16);
  if (family() != AF_INET) return;
  out[10] = out[11] = 0xff;
  std::memcpy(out + 12, &storage_.v4.sin_addr, 4);
}

Address Address::from_ip(const uint8_t ip[16], uint16_t port) {
  Address address;
  in6_addr bytes = {};
  std::memcpy(&bytes, ip, 16);
  if (IN6_IS_ADDR_V4MAPPED(&bytes)) {
    address.storage_.v4.sin_family = AF_INET;
    std::memcpy(&address.storage_.v4.sin_addr, &bytes.s6_addr[12], 4);
    address.size_ = sizeof(sockaddr_in);
  } else {
    address.storage_.v6.sin6_family = AF_INET6;
    address.storage_.v6.sin6_addr = bytes;
    address.size_ = sizeof(sockaddr_in6);
  }
  address.set_port(port);
  return address;
}

bool operator==(const Address& a, const Address& b) {
  if (a.family() != b.family()) return false;
  if (a.is_unix())
    return std::string_view(a.path()) == b.path() && a.abstract_name() == b.abstract_name();
  uint8_t ip_of_a[16], ip_of_b[16];
  a.copy_ip(ip_of_a);
  b.copy_ip(ip_of_b);
  return a.port() == b.port() && std::equal(ip_of_a, ip_of_a + 16, ip_of_b);
}

std::string peer_host(const uint8_t* ip) { return ip ? Address::from_ip(ip, 0).host() : "unix"; }

}  // namespace oklo::sys
