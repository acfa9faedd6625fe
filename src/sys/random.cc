#include "sys/random.h"

#include <sys/auxv.h>

#include <cstring>

#include "sys/time.h"

namespace oklo::sys {

// The kernel gives each program 16 random bytes to start with (AT_RANDOM, getauxval(3)), and emulators do
// too. The time tells one key from the next.
std::array<uint64_t, 2> random_key() {
  std::array<uint64_t, 2> key = {};
  if (const void* bytes = reinterpret_cast<const void*>(getauxval(AT_RANDOM)))
    std::memcpy(key.data(), bytes, sizeof key);
  key[0] ^= monotonic_ns();
  return key;
}

}  // namespace oklo::sys
