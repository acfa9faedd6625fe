#include "process/watch_turn.h"

#include "base/number.h"
#include "sys/process.h"
#include "sys/stack_trace.h"

namespace oklo {

// The stack is asked for once a turn; the thread has until the next look to tell it.
Verdict watch_turn(const KeeperContext& context, Life& life, const ThreadTurn& turn, Watched& watched,
                   const std::string& who) {
  uint64_t busy_since_ms = turn.busy_since_ms.value();
  uint64_t now_ms = context.reactor->clock().now_ms;
  Verdict verdict = judge(watched, busy_since_ms, now_ms, context.policy.watchdog_ms);
  if (verdict == Verdict::well) return verdict;
  std::string what = "stuck in one turn for " + decimal(now_ms - busy_since_ms) + " ms";
  if (verdict == Verdict::stuck) {
    context.log->line(who + " is " + what);
    if (pid_t thread = turn.answers) sys::send_signal(life.pid, thread, sys::kStackSignal);
  } else if (context.policy.watchdog_replaces) {
    life.kill("it was " + what);
  }
  return verdict;
}

void answer_watchdog(ThreadTurn& turn, const Log& log, const std::string& name) {
  sys::answer_with_stack(log.fd(), name);
  turn.answers = sys::current_thread();
}

}  // namespace oklo
