#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace oklo::sys {

// The address of a socket: IPv4, IPv6 or a unix path. A plain value.
class Address {
 public:
  Address() = default;
  Address(const sockaddr* address, socklen_t length);

  // From what a person writes: "8080", ":8080" (all addresses, IPv6 and IPv4), "127.0.0.1:8080",
  // "[::1]:8080", "*:8080", "localhost:8080" (127.0.0.1; no other name is resolved), "unix:/path".
  // Port 0 lets the kernel choose. The error says what is wrong with the text.
  static Result<Address> parse(std::string_view text);

  // In the form that parse reads; "[::]:8080" for all addresses.
  std::string to_string() const;  // of an abstract unix name: "unix:@name"
  std::string host() const;  // without brackets and port; empty for unix

  bool is_unix() const { return storage_.any.sa_family == AF_UNIX; }
  bool is_loopback() const;
  int family() const { return storage_.any.sa_family; }
  uint16_t port() const;  // 0 where there is none
  void set_port(uint16_t port);

  // The 16 bytes of the IPv6 form (an IPv4 address as ::ffff:a.b.c.d, RFC 4291 section 2.5.5.2); zeros for
  // unix. An IPv6 address of that form is an IPv4 address here, wherever it comes from.
  void copy_ip(uint8_t out[16]) const;
  static Address from_ip(const uint8_t ip[16], uint16_t port);

  const sockaddr* data() const { return &storage_.any; }
  socklen_t size() const { return size_; }
  const char* path() const { return storage_.local.sun_path; }
  // The name of an abstract unix socket, without the zero in front (unix(7)); empty where there is none.
  std::string_view abstract_name() const;

  friend bool operator==(const Address& a, const Address& b);

 private:
  union {
    sockaddr_un local;  // the largest stands first: `= {}` zeroes the first member
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  } storage_ = {};
  socklen_t size_ = 0;
};

// The host of a peer with that IPv6 form, as programs are told it: "192.0.2.1", "2001:db8::1"; "unix" for
// nullptr.
std::string peer_host(const uint8_t* ip);

}  // namespace oklo::sys
