#include "sys/stack_trace.h"

#include <errno.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "base/civil_time.h"
#include "base/number.h"
#include "sys/kernel.h"
#include "sys/process.h"
#include "sys/stderr.h"
#include "sys/time.h"

// Where the code of the program begins and ends, as the linker says.
extern "C" const char __executable_start[];
extern "C" const char etext[];

namespace oklo::sys {

namespace {

constexpr int kFramesMax = 32;
constexpr std::ptrdiff_t kWordsMax = 4096;  // of the stack that are looked at

thread_local int out_fd = -1;
thread_local char own_name[64] = {};
thread_local const uintptr_t* stack_bottom = nullptr;

// A line in a place of its own: a handler can't allocate.
struct Line {
  char text[1024];
  char* end = text;

  void add(std::string_view piece) {
    size_t room = static_cast<size_t>(std::end(text) - end);
    end = std::copy_n(piece.begin(), std::min(piece.size(), room), end);
  }
  void add_address(uintptr_t address) {
    char digits[2 * sizeof address];
    char* first = std::end(digits);
    for (; address; address /= 16) *--first = "0123456789abcdef"[address % 16];
    add("0x");
    add({first, static_cast<size_t>(std::end(digits) - first)});
  }
};

void begin_line(Line& line) {
  char time[kTimestampSize];
  write_timestamp(time, civil_time(wall_time().seconds));
  char pid[20];
  char* pid_end = write_decimal(pid, static_cast<uint64_t>(current_pid()));
  line.add({time, sizeof time});
  for (std::string_view piece : {std::string_view(" "), std::string_view(own_name), std::string_view("[")})
    line.add(piece);
  line.add({pid, static_cast<size_t>(pid_end - pid)});
  line.add("]: its stack, of the program at ");
  line.add_address(reinterpret_cast<uintptr_t>(__executable_start));
  line.add(":");
}

// The kernel puts the registers on the stack, above what was called last: so they are seen first.
__attribute__((no_sanitize("address"))) void add_frames(Line& line, const uintptr_t* at) {
  const uintptr_t* stop = std::clamp(stack_bottom, at, at + kWordsMax);
  uintptr_t last = 0;
  for (int frames = 0; at < stop && frames < kFramesMax; at++) {
    uintptr_t code = *at;
    bool within = code > reinterpret_cast<uintptr_t>(__executable_start) &&
                  code < reinterpret_cast<uintptr_t>(etext);
    if (!within || code == last) continue;
    line.add(" ");
    line.add_address(last = code);
    frames++;
  }
}

void on_stack_signal(int, siginfo_t*, void* registers) {
  int before = errno;
  Line line;
  begin_line(line);
  add_frames(line, static_cast<const uintptr_t*>(registers));
  line.add("\n");
  (void)!write_without_waiting(out_fd, {line.text, static_cast<size_t>(line.end - line.text)});
  errno = before;
}

}  // namespace

void answer_with_stack(int fd, std::string_view name) {
  out_fd = fd;
  *std::copy_n(name.begin(), std::min(name.size(), sizeof own_name - 1), own_name) = '\0';
  stack_bottom = static_cast<const uintptr_t*>(__builtin_frame_address(0));
  struct sigaction action = {};
  action.sa_sigaction = on_stack_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  kernel::sigaction(kStackSignal, &action);
  sigset_t own;
  sigemptyset(&own);
  sigaddset(&own, kStackSignal);
  kernel::sigprocmask(SIG_UNBLOCK, &own, nullptr);
}

}  // namespace oklo::sys
