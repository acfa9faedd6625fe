#pragma once

#include <cstdint>
#include <string>

#include "codec/chunked.h"
#include "http/exchange.h"
#include "net/block_pool.h"

namespace oklo::http {

// A request whose body comes in parts. Made when the head is complete and the body is not, gone when the
// answer is given or the connection ends.
struct PendingRequest {
  Exchange exchange;
  Block* head_block = nullptr;   // what the head's views point into
  codec::ChunkedDecoder chunked;
  uint64_t left = 0;             // of a body with a Content-Length
  uint64_t received = 0;         // body bytes so far
  uint64_t window_received = 0;  // of them, at the last check of the rate
  std::string body;
};

}  // namespace oklo::http
