#pragma once

#include <algorithm>
#include <cstdint>

namespace oklo {

// How the service ends: the workers drain without a limit, drain until a deadline and are killed then, or
// are killed.
enum class Urgency : uint8_t { none, patient, timely, at_once };

// How its end is asked for: by SIGQUIT, by SIGTERM or SIGINT, by the command `stop`.
enum class StopRequest : uint8_t { quit, terminate, command };

// The urgency after a request; it never falls. One row a request: what it asks for, and what it asks for
// when it is that urgent already.
constexpr Urgency escalate(Urgency current, StopRequest request) {
  struct Row {
    Urgency first, again;
  };
  constexpr Row kRows[] = {
      {Urgency::patient, Urgency::patient},
      {Urgency::timely, Urgency::at_once},
      {Urgency::timely, Urgency::timely},
  };
  const Row& row = kRows[static_cast<uint8_t>(request)];
  return std::max(current, current < row.first ? row.first : row.again);
}

}  // namespace oklo
