#pragma once

#include <cstdint>

#include <oklo/entrance.h>

namespace oklo {

// What one HTTP connection may use. Whoever goes over a limit gets the status that stands beside it, and
// the connection is closed with that reason. Sizes are bytes, times milliseconds.
struct HttpLimits {
  uint32_t request_line_bytes =
      8192;  // 414 URI Too Long (RFC 9112 section 3); with the fields at most 16,000
  uint32_t header_bytes = 12000;         // all field lines together; 431 (RFC 6585 section 5)
  uint32_t header_count = 100;           // field lines, at most 128; 431
  uint32_t body_bytes = 1 << 20;         // a body that a handler gets whole; 413 (RFC 9110 section 15.5.14)
  uint64_t upload_bytes = 1ull << 32;    // a body that is taken in pieces, forms too; 413
  uint32_t header_time_ms = 10'000;      // from the first byte of a request to the end of its head; 408
  uint32_t body_rate_bytes_s = 128;      // slower than this over body_window_ms: 408
  uint32_t body_window_ms = 10'000;
  uint32_t idle_time_ms = 60'000;        // between two requests of a connection; closed without an answer
  uint32_t write_stall_ms = 30'000;      // the client takes no byte of its answer; closed
  uint32_t requests = 100'000;           // on one connection; the last answer says Connection: close
  uint32_t queue_bytes = 64u << 20;      // of answers that wait to be sent (files not counted); closed
  Entrance entrance = {};                // who may come in, and whether proxies stand in front

  friend bool operator==(const HttpLimits&, const HttpLimits&) = default;
};

}  // namespace oklo
