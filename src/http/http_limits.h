#pragma once

#include <cstddef>

#include "codec/http_request.h"
#include "net/connection.h"

#include <oklo/limits.h>

namespace oklo::http {

// Answers that wait to be sent hold up the next request of a connection when they are this many bytes.
inline constexpr size_t kStallBytes = 256 * 1024;

inline codec::HeadLimits head_limits(const HttpLimits& limits) {
  codec::HeadLimits head;
  head.request_line_bytes = limits.request_line_bytes;
  head.fields_bytes = limits.header_bytes;
  head.fields_count = limits.header_count;
  return head;
}

// The endpoint of a listener of HTTP with this number; `made` is what the pool has made for its protocol.
inline Endpoint http_endpoint(Endpoint made, const HttpLimits& limits, uint8_t listener) {
  made.kind = ConnectionKind::http;
  made.listener = listener;
  made.write_stall_ms = limits.write_stall_ms;
  made.queue_bytes_max = limits.queue_bytes;
  return made;
}

}  // namespace oklo::http
