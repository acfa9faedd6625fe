// What goes wrong: processes that share one listener each watch it with epoll. A connection comes, the
// kernel wakes them all, one accepts it, and the others have been woken for nothing: with 8 of them, for
// each connection 7 trips through the scheduler, just when there is much to do.
//
// Why: each epoll instance is a watcher of its own, and all watchers of a file are told. (Processes that
// wait in accept(2) itself are woken one by one since Linux 2.4: the herd of old.) Most do not even come out
// of epoll_wait: they look, find that another was faster, and sleep again.
//
// The mend: EPOLLEXCLUSIVE (epoll_ctl(2)): of the watchers that ask for it one is woken. exclusive_skew.cc
// shows what that costs. Or SO_REUSEPORT (socket(7)): each process has a listener of its own, and the kernel
// puts each connection into one of them. A lock that whoever may accept holds was the mend before both.
//
// oklo: a listener for each worker (src/process/listeners.cc); unix sockets, which SO_REUSEPORT does not
// know, are watched with EPOLLEXCLUSIVE (src/net/acceptor.cc).

#include "experiments/acceptors.h"
#include "experiments/each.h"

namespace oklo::experiments {

namespace {

constexpr unsigned kProcesses = 8;
constexpr int kVisits = 100;

Result<Acceptors::Costs> cost_of(Accepting way) {
  Result<Acceptors> acceptors = Acceptors::start(way, kProcesses);
  if (!acceptors) return acceptors.error();
  for (int i = 0; i < kVisits; i++)
    if (Result<void> visited = acceptors->visit(); !visited) return visited.error();
  Acceptors::Costs costs = acceptors->costs();
  return Acceptors::Costs{costs.wake_ups / kVisits, costs.turns / kVisits, costs.in_vain / kVisits};
}

}  // namespace

Result<Outcome> thundering_herd() {
  if (!Acceptors::can_be_watched()) return nothing_taken("there is no /proc to tell which processes sleep");
  Outcome outcome{
      .columns = {"shared listener", "EPOLLEXCLUSIVE", "SO_REUSEPORT"},
      .findings = {{"processes woken for each connection, of 8", {}},
                   {"of them come out of epoll_wait", {}},
                   {"of them find nothing to accept", {}}},
      .verdict = "Each watcher of a shared listener is woken, and all but one for nothing."};
  for (Accepting way : {Accepting::shared, Accepting::exclusive, Accepting::reuse_port}) {
    Result<Acceptors::Costs> costs = cost_of(way);
    if (!costs) return costs.error();
    if (costs->wake_ups == 0) return nothing_taken("the kernel does not count how often a process sleeps");
    outcome.findings[0].figures.push_back(costs->wake_ups);
    outcome.findings[1].figures.push_back(costs->turns);
    outcome.findings[2].figures.push_back(costs->in_vain);
  }
  return outcome;
}

}  // namespace oklo::experiments
