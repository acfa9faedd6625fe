#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sys/address.h"

#include <oklo/resolve.h>

namespace oklo {

// Looks up a host and waits for it, at most until a time of the monotonic clock in milliseconds; then the
// number of the Error is ETIMEDOUT. A Reactor of its own runs a Resolver of its own. At least one address,
// without a port, in the order in which to try them.
Result<std::vector<sys::Address>> look_up_and_wait(std::string_view host, const ResolverOptions& options,
                                                   uint64_t until_ms);

}  // namespace oklo
