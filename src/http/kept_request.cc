#include "http/kept_request.h"

#include <cstring>

namespace oklo::http {

// The head knows places in its bytes; what was taken from it by view is found there again.
KeptRequest::KeptRequest(const Exchange& exchange) : exchange_(exchange), request_(exchange_.request()) {
  const codec::RequestHead& head = exchange.head;
  bytes_.reserve(head.size + exchange.body.size());
  bytes_.append(head.base, head.size).append(exchange.body);
  exchange_.head.base = bytes_.data();
  exchange_.body = std::string_view(bytes_).substr(head.size);
  exchange_.mount_rest = {};
  for (size_t i = 0; i < exchange.param_count; i++) {
    const Param& from = exchange.params[i];
    Param& to = exchange_.params[i];
    if (from.value.data() == from.decoded.data()) to.value = to.decoded;
    else to.value = {bytes_.data() + (from.value.data() - head.base), from.value.size()};
  }
  if (!exchange.peer_ip) return;
  std::memcpy(peer_ip_, exchange.peer_ip, sizeof peer_ip_);
  exchange_.peer_ip = peer_ip_;
}

}  // namespace oklo::http
