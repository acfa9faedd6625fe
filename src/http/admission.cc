#include "http/admission.h"

#include "base/number.h"

namespace oklo::http {

// RFC 9110 section 15.5.4, RFC 6585 section 4.
bool admit(Exchange& exchange, AddressGuard* guard) {
  if (exchange.access && !exchange.access->admits(exchange.peer_ip)) {
    exchange.fail(403);
    return false;
  }
  uint32_t wait_s = 0;
  if (!guard || guard->ask(exchange.peer_ip, exchange.clock->now_ms, wait_s)) return true;
  exchange.add_field("Retry-After", decimal(wait_s));
  exchange.fail(429);
  return false;
}

}  // namespace oklo::http
