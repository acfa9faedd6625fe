#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "codec/ip.h"

namespace oklo::codec {

// The header of the PROXY protocol, versions 1 and 2 (HAProxy, proxy-protocol.txt): what a proxy sends first
// on a connection, to say whose it is.
struct ProxyHeader {
  enum class Peer : uint8_t {
    proxy,        // the connection is its own, or it can't say whose: the addresses of the socket stand
    ip,           // source and destination, with their ports
    unix_socket,  // somebody on the proxy's host
  };

  Peer peer = Peer::proxy;
  Ip source = {};
  Ip destination = {};
  uint16_t source_port = 0;
  uint16_t destination_port = 0;
};

struct ProxyVerdict {
  enum class State : uint8_t { more, complete, bad };

  State state = State::more;
  size_t size = 0;              // of a complete header
  const char* fault = nullptr;  // of a bad one: a few words
};

inline constexpr size_t kProxyLineBytesMax = 107;     // of version 1, with its end
inline constexpr size_t kProxyHeaderBytesMax = 4096;  // of version 2

// Looks at the beginning of a connection; what stands behind the header is not looked at. It is `bad` as soon
// as the bytes can't become a header.
ProxyVerdict parse_proxy_header(std::string_view input, ProxyHeader& header);

}  // namespace oklo::codec
