// What goes wrong: the herd of thundering_herd.cc was tamed with EPOLLEXCLUSIVE, and now one worker has
// nearly all connections: one processor is busy, and the others have little to do.
//
// Why: the kernel asks the watchers of a listener in the order in which they came, always from the first,
// and wakes the first that sleeps. The next one gets something only while those before it are busy. So the
// calmer the server, the more uneven it is; and connections that live long stay where they have come to.
//
// The mend: SO_REUSEPORT (socket(7)): a listener for each, of which the kernel chooses one by a hash of the
// addresses and ports, whoever sleeps.
//
// oklo: src/process/listeners.cc; who gets none because its worker is gone, or stuck, is told in
// src/process/supervisor.cc.

#include <algorithm>

#include "experiments/acceptors.h"
#include "experiments/each.h"

namespace oklo::experiments {

namespace {

constexpr unsigned kProcesses = 4;
constexpr int kVisits = 200;

struct Spread {
  double most = 0, least = 0;  // percent of all connections
};

Result<Spread> spread_of(Accepting way) {
  Result<Acceptors> acceptors = Acceptors::start(way, kProcesses);
  if (!acceptors) return acceptors.error();
  for (int i = 0; i < kVisits; i++)
    if (Result<void> visited = acceptors->visit(); !visited) return visited.error();
  std::vector<double> shares = acceptors->shares();
  auto [least, most] = std::minmax_element(shares.begin(), shares.end());
  return Spread{*most * 100 / kVisits, *least * 100 / kVisits};
}

}  // namespace

Result<Outcome> exclusive_skew() {
  if (!Acceptors::can_be_watched()) return nothing_taken("there is no /proc to tell which processes sleep");
  Result<Spread> fault = spread_of(Accepting::exclusive);
  if (!fault) return fault.error();
  Result<Spread> mend = spread_of(Accepting::reuse_port);
  if (!mend) return mend.error();
  return Outcome{
      .columns = {"EPOLLEXCLUSIVE", "SO_REUSEPORT"},
      .findings = {{"connections of the busiest of 4, %", {fault->most, mend->most}},
                   {"connections of the idlest, %", {fault->least, mend->least}}},
      .verdict = "Who came first to the listener is woken first, as long as it sleeps at all."};
}

}  // namespace oklo::experiments
