#include "lab/keeper.h"

#include <algorithm>
#include <array>

#include "lab/family.h"
#include "sys/close_fds.h"
#include "sys/futex.h"
#include "sys/process.h"
#include "sys/signal_fd.h"
#include "sys/time.h"
#include "sys/tracing.h"
#include "sys/waiting.h"

namespace oklo::lab {

namespace {

constexpr uint64_t kForever = UINT64_MAX;
constexpr uint64_t kLookMs = 200;  // also without a signal: a thread that is traced may stop without one

[[noreturn]] void play_in_child(KeeperBoard& board, const Play& play, int tell, pid_t keeper) {
  sys::die_with_parent(keeper);
  sys::reset_signals();
  sys::set_title(play.title);
  if (!sys::detach_std_fds()) sys::exit_now(1);
  const std::array<int, 1> kept = {tell};
  sys::close_all_fds_except(kept);
  while (board.may_play.load() == 0) sys::futex_wait(board.may_play, 0, kForever);
  play.play(tell);
  sys::exit_now(0);
}

// Whether SIGTERM or the like has come.
bool asked_to_end(sys::SignalFd& signals) {
  bool asked = false;
  while (std::optional<int> signal = signals.next()) asked = asked || *signal != SIGCHLD;
  return asked;
}

void look_until_all_ended(KeeperBoard& board, sys::SignalFd& signals) {
  while (sys::has_children()) {
    while (std::optional<sys::TraceEvent> event = sys::next_trace_event()) {
      if (event->kind == sys::TraceEvent::Kind::call) board.call_stops.add(1);
      sys::go_on(*event);
    }
    if (asked_to_end(signals)) return end_descendants();
    if (sys::has_children()) (void)sys::wait_readable(signals.fd(), sys::monotonic_ms() + kLookMs);
  }
}

}  // namespace

void keep(KeeperBoard& board, const Play& play, sys::Fd tell, pid_t lab) {
  sys::signal_with_parent(lab, SIGTERM);
  sys::set_title("oklo lab: keeper");
  sys::become_subreaper();
  (void)sys::new_session();
  Result<sys::SignalFd> signals = sys::SignalFd::create({SIGINT, SIGTERM, SIGHUP, SIGCHLD});
  if (!signals) sys::exit_now(1);
  pid_t keeper = sys::current_pid();
  Result<pid_t> player = sys::fork_process();
  if (!player) sys::exit_now(1);
  if (*player == 0) play_in_child(board, play, tell.get(), keeper);
  tell.reset();
  if (play.counts_calls)
    if (long failed = sys::trace_calls(*player); failed < 0)
      board.trace_error = static_cast<int32_t>(-failed);
  board.may_play = 1;
  sys::futex_wake(board.may_play);
  look_until_all_ended(board, *signals);
  board.used = sys::usage_of_children();
  sys::exit_now(0);
}

}  // namespace oklo::lab
