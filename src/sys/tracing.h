#pragma once

#include <sys/types.h>

#include <optional>

namespace oklo::sys {

// Sees the system calls of a process (ptrace(2)), and of all that it starts from now on. Each stops its
// thread twice, where it begins and where it ends. 0, or a negative errno number: it is not permitted here.
// The process is killed when the one that sees it ends.
[[nodiscard]] long trace_calls(pid_t pid);

// What happened to a child, or to a thread that is traced, and stands still then until it is let go on.
struct TraceEvent {
  enum class Kind { ended, call, other };
  pid_t thread = 0;
  Kind kind = Kind::other;
  int signal = 0;  // which it is to be given when it goes on
};

// The next one, if there is one; never waits.
std::optional<TraceEvent> next_trace_event();
void go_on(const TraceEvent& event);

// Whether there is a child, or a thread that is traced, which runs or was not waited for.
bool has_children();

}  // namespace oklo::sys
