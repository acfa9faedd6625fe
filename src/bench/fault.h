#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace oklo::bench {

// Each kind of error that is counted.
enum class Fault : uint8_t {
  refused,
  unreachable,
  no_port,
  no_file,
  connect_timeout,
  reset,
  closed,
  timeout,
  bad_status,
  bad_answer,
  wrong_echo,
};

inline constexpr size_t kFaults = static_cast<size_t>(Fault::wrong_echo) + 1;

struct FaultName {
  std::string_view key;    // in JSON
  std::string_view words;  // for people
};
// In the order of Fault.
inline constexpr std::array<FaultName, kFaults> kFaultNames = {{
    {"refused", "connections refused"},
    {"unreachable", "connections that the network did not make"},
    {"no_port", "connections for which this machine had no port left"},
    {"no_file", "connections for which this process had no file left"},
    {"connect_timeout", "connections not made in time"},
    {"reset", "connections reset"},
    {"closed", "connections closed before the answer was whole"},
    {"timeout", "requests not answered in time"},
    {"bad_status", "answers with a status that is not 2xx or 3xx"},
    {"bad_answer", "answers that are no answers"},
    {"wrong_echo", "messages that came back changed"},
}};

// What a connect(2) that failed counts as; `error` is a negative errno number.
Fault connect_fault(long error);
// The same for a transfer.
Fault transfer_fault(long error);

}  // namespace oklo::bench
