// What goes wrong: a server forks a child for each client and does not wait for them. Each child that has
// ended stays as a zombie: a number and an exit status, kept for the parent that may ask. Some tens of
// thousands later there are no numbers left, and fork fails (EAGAIN), for all programs of that user.
//
// Why: only waitpid(2) takes a child out of the table of processes. Those who know that, and wait once for
// each SIGCHLD, are wrong, too: signals of one kind are not counted. Children that end while the signal is
// pending, or while its handler runs, are told of once (signal(7)).
//
// The mend: at SIGCHLD wait until there is nobody left to be waited for, without blocking (WNOHANG). Or tell
// the kernel that nobody will ever ask: SIGCHLD ignored, or SA_NOCLDWAIT (sigaction(2)).
//
// oklo: next_child_event of src/sys/process.cc, in the loop of src/process/supervisor.cc.

#include <vector>

#include "experiments/child.h"
#include "experiments/each.h"
#include "experiments/shared_page.h"
#include "sys/process.h"
#include "sys/signal_fd.h"

namespace oklo::experiments {

namespace {

constexpr int kChildren = 20;

enum class Reaping { never, once_a_signal, until_none };

// All children end before the parent looks at its signals, as when it was busy.
std::vector<int> fork_children() {
  std::vector<int> children;
  for (int i = 0; i < kChildren; i++) {
    Result<int> child = sys::fork_process();
    if (!child) sys::exit_now(1);
    if (*child == 0) sys::exit_now(0);
    children.push_back(*child);
  }
  for (int child : children) sys::wait_for_end(child);
  return children;
}

// Zombies of a process that ends become children of another, so all are reaped when they were counted.
void leave_zombies(Reaping way, Count& zombies) {
  Result<sys::SignalFd> signals = sys::SignalFd::create({SIGCHLD});
  if (!signals) return;
  std::vector<int> children = fork_children();
  while (way != Reaping::never && signals->next())
    do {
      if (!sys::next_child_event()) break;
    } while (way == Reaping::until_none);
  for (int child : children)
    if (sys::is_child(child)) zombies.add();
  while (sys::next_child_event()) {
  }
}

Result<double> count_zombies(Reaping way) {
  Result<SharedPage<Count>> zombies = SharedPage<Count>::make();
  if (!zombies) return zombies.error();
  Result<Child> parent = Child::start([&] { leave_zombies(way, **zombies); });
  if (!parent) return parent.error();
  parent->wait();
  return (*zombies)->value();
}

}  // namespace

Result<Outcome> zombies() {
  Outcome outcome{.columns = {"nobody waits", "one wait a SIGCHLD", "waits until none is left"},
                  .findings = {{"zombies, of 20 children", {}}},
                  .verdict = "Twenty children that have ended are one signal: ask until there are no more."};
  for (Reaping way : {Reaping::never, Reaping::once_a_signal, Reaping::until_none}) {
    Result<double> count = count_zombies(way);
    if (!count) return count.error();
    outcome.findings[0].figures.push_back(*count);
  }
  return outcome;
}

}  // namespace oklo::experiments
