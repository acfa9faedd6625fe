#pragma once

#include "http/exchange.h"
#include "shm/address_guard.h"

namespace oklo::http {

// Whether the peer may ask this: by the rules of the path that was found, and the limits of its address where
// there is a guard. If not, the exchange has its answer.
bool admit(Exchange& exchange, AddressGuard* guard);

}  // namespace oklo::http
