#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// What the kernel tells in its files beneath /proc (proc(5)): pure functions of the text.
namespace oklo::sys {

// Of /proc/PID/status and /proc/PID/task/TID/status.
struct TaskStatus {
  char state = '?';          // as in ps(1)
  int parent = 0;
  uint64_t voluntary = 0;    // context switches: it waited for something
  uint64_t involuntary = 0;  // another one was let run in its place

  bool sleeps() const { return state == 'S' || state == 'I' || state == 'Z' || state == 'X'; }
};
std::optional<TaskStatus> parse_status(std::string_view text);

// Of /proc/PID/smaps_rollup: KiB of all pages, where one that N processes share counts as an N-th.
std::optional<uint64_t> parse_proportional_kib(std::string_view text);

// Of /proc/cpuinfo: what the first processor is called; empty where it has no name.
std::string parse_processor_name(std::string_view text);
// Of /proc/meminfo: KiB of all memory.
std::optional<uint64_t> parse_memory_kib(std::string_view text);

}  // namespace oklo::sys
