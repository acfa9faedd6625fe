#pragma once

#include <array>
#include <cstdint>

namespace oklo::sys {

// A key for hashing what strangers send: they can't foresee it. It is another one at each call, and not fit
// for a secret that lasts.
std::array<uint64_t, 2> random_key();

}  // namespace oklo::sys
