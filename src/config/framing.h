#pragma once

#include "config/open_block.h"

namespace oklo::config {

// Sets how the stream of a listener of tcp is cut into messages, by what its block says. What does not fit
// together is added to the faults.
void settle_framing(Faults& faults, const OpenBlock& block, Listener& listener, Place place);

}  // namespace oklo::config
