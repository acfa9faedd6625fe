#pragma once

#include <vector>

#include "sys/address.h"

namespace oklo {

// Puts addresses into the order in which to try them: those that the kernel knows a way to first (rule 1 of
// RFC 6724, section 6), and of these IPv6 and IPv4 in turns, IPv6 first (RFC 8305 section 4), so that one
// broken family costs one try. Addresses of one family stay in their order: a name server may have shuffled
// them.
void order_addresses(std::vector<sys::Address>& addresses);

}  // namespace oklo
