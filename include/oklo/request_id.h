#pragma once

#include <cstdint>

#include <oklo/connection_id.h>

namespace oklo {

// The name of a request whose answer comes later: Response::later. It is never given to another request of
// the same worker (but for a wrap after 2^32 of them). False: no request.
struct RequestId {
  ConnectionId connection;
  uint32_t number = 0;

  explicit operator bool() const { return number != 0; }
  friend bool operator==(const RequestId&, const RequestId&) = default;
};

}  // namespace oklo
