#pragma once

#include <cstdint>

namespace oklo {

// The name of a connection in all processes of a service, whoever owns it. It is never given to another
// connection as long as the service runs (but for a wrap after 2^31 connections in one row).
struct ConnectionId {
  uint32_t row = 0;
  uint32_t generation = 0;  // 0: no connection

  explicit operator bool() const { return generation != 0; }
  friend bool operator==(const ConnectionId&, const ConnectionId&) = default;
};

}  // namespace oklo
