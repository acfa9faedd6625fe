// One process, one client at a time: what every text on servers begins with.
//
// Who waits where: the process, in accept for a client, then in read for its requests.
// Connection N+1: the kernel finishes its handshake and keeps it in the queue of the listening socket, where
// it waits until the first client closes. A browser that keeps its connection open for another page, or a
// person with nc(1), keeps everybody out. Behind the queue (backlog, listen(2)) nothing is answered at all.
// What it costs: one process. No switch to another, no lock, nothing to share: for one client at a time
// nothing is faster.
// What the next model mends: fork-per-connection has a process for each client, so that only it waits.
#include "models/client.h"
#include "models/listener.h"
#include "models/runs.h"

namespace oklo::models {

Result<void> run_blocking(Stage& stage) {
  Result<Listener> listener = Listener::open(stage.address, Listener::Kind::blocking);
  if (!listener) return listener.error();
  stage.listening(listener->address());
  for (;;) {
    sys::Fd client = listener->take();
    if (client) converse(client.get(), 0);
  }
}

}  // namespace oklo::models
