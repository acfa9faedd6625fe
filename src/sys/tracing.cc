#include "sys/tracing.h"

#include <signal.h>
#include <sys/ptrace.h>

#include "sys/kernel.h"
#include "sys/retry.h"

namespace oklo::sys {

namespace {

constexpr int kCallStop = SIGTRAP | 0x80;  // by PTRACE_O_TRACESYSGOOD

TraceEvent event_of(const siginfo_t& info) {
  TraceEvent event = {info.si_pid};
  if (info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED) event.kind = TraceEvent::Kind::ended;
  else if (info.si_status == kCallStop) event.kind = TraceEvent::Kind::call;
  else if (info.si_status >> 8 == 0) event.signal = info.si_status;  // else one of PTRACE_EVENT_*
  return event;
}

}  // namespace

// A thread that is seized goes on as before; it must stop once to be told that its calls count.
long trace_calls(pid_t pid) {
  constexpr unsigned long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE |
                                     PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;
  long result = kernel::ptrace(PTRACE_SEIZE, pid, kOptions);
  if (result >= 0) result = kernel::ptrace(PTRACE_INTERRUPT, pid, 0);
  return result < 0 ? result : 0;
}

std::optional<TraceEvent> next_trace_event() {
  siginfo_t info = {};
  constexpr int kOptions = WEXITED | WSTOPPED | WNOHANG | __WALL;
  if (retry([&] { return kernel::waitid(P_ALL, 0, &info, kOptions); }) < 0) return std::nullopt;
  if (info.si_pid == 0) return std::nullopt;
  return event_of(info);
}

void go_on(const TraceEvent& event) {
  if (event.kind != TraceEvent::Kind::ended)
    kernel::ptrace(PTRACE_SYSCALL, event.thread, static_cast<unsigned long>(event.signal));
}

bool has_children() {
  siginfo_t info = {};
  constexpr int kOptions = WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL;
  return retry([&] { return kernel::waitid(P_ALL, 0, &info, kOptions); }) >= 0;
}

}  // namespace oklo::sys
