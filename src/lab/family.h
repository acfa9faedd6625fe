#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sys/usage.h"

// All processes that descend from one, as /proc shows them.
namespace oklo::lab {

// Their numbers, parents before their children; without the one that they descend from.
std::vector<pid_t> descendants(pid_t ancestor);

// What those of them that live have used, and whether all their threads sleep.
struct FamilyState {
  sys::Usage used;
  bool sleeps = true;
  bool exists = false;
};
FamilyState look_at(const std::vector<pid_t>& family);

// The memory of all of them in KiB; a page that is shared counts once among those that share it. Nothing when
// the kernel does not tell.
std::optional<uint64_t> memory_kib(const std::vector<pid_t>& family);

// Ends all that descend from this process and reaps them, also those that others of them begin meanwhile:
// asks them once, and kills them a moment later.
void end_descendants();

}  // namespace oklo::lab
