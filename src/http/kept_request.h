#pragma once

#include <cstdint>
#include <string>

#include "http/exchange.h"

namespace oklo::http {

// A copy of a request, for a handler that outlives it: with its body, and all that Request tells.
class KeptRequest {
 public:
  explicit KeptRequest(const Exchange& exchange);
  KeptRequest(const KeptRequest&) = delete;

  const Request& request() const { return request_; }

 private:
  Exchange exchange_;
  std::string bytes_;        // of the head, then of the body
  uint8_t peer_ip_[16] = {};
  Request request_;
};

}  // namespace oklo::http
