#pragma once

#include <cstddef>
#include <cstdint>

#include <oklo/function.h>

namespace oklo {

// Whether a process that has ended without being told to is started again. A reload starts it in any case.
enum class ProcessRestart : uint8_t {
  always,
  on_failure,  // unless it exited with 0
  never,
};

// How a process of the program's own is kept: Server::process.
struct ProcessOptions {
  ProcessRestart restart = ProcessRestart::always;
  // Called in it when it is told to leave. It ends when this returns, and the connections of its clients are
  // closed. One that dies or is killed is not asked.
  Function<void()> on_stop = {};
};

// The longest name of such a process, in bytes, and how many of them a server may have.
inline constexpr size_t kProcessNameBytesMax = 31;
inline constexpr size_t kProcessesMax = 64;

}  // namespace oklo
