// Some processes, made before anybody comes; each of them accepts.
//
// Who waits where: all that have no client in accept, on the one listening socket that they were forked with;
// the kernel wakes one of them for each connection (older ones woke all: the herd). Those that have a client
// wait in read for it. The first process waits for a child to end, and makes another.
// Connection N+1, where N is the number of processes: waits in the queue until one of the N others closes, as
// with `blocking` the second.
// What it costs: no fork when a client comes, but N processes that are there when nobody does; and N is a
// guess that is too small for clients that keep their connections and think, and too large for those that do
// not.
// What it is good at: a request that crashes or hangs takes one process along, and nobody else.
// What the next model mends: leader-follower has threads, and itself says who is next.
#include "models/children.h"
#include "models/client.h"
#include "models/listener.h"
#include "models/runs.h"

namespace oklo::models {

Result<void> run_prefork(Stage& stage) {
  Result<Listener> listener = Listener::open(stage.address, Listener::Kind::blocking);
  if (!listener) return listener.error();
  stage.listening(listener->address());
  return keep_children(stage.workers, [&listener](unsigned worker) {
    for (;;) {
      sys::Fd client = listener->take();
      if (client) converse(client.get(), worker);
    }
  });
}

}  // namespace oklo::models
