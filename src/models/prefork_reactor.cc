// Some processes, each with an epoll loop, and one listening socket that all of them watch.
//
// Who waits where: each process in epoll_wait, for its own clients and for the one listening socket.
// Connection N+1: is served as every other, by whichever process takes it first.
// What it costs: the herd. Epoll, unlike a blocking accept, wakes all that wait when a connection comes; one
// takes it, and the others find nothing (EAGAIN) and go to sleep again: N - 1 wake-ups for nothing. Under
// load most of them are awake anyway; it hurts where many processes wait for few clients.
// What is easily left out: the listening socket is non-blocking, or those who come late would wait in accept
// with all their clients. The epoll instance is made after the fork: one that is shared tells one process of
// what another should do.
// What the next model mends: prefork-reactor-exclusive wakes one.
#include "models/children.h"
#include "models/epoll_level.h"
#include "models/runs.h"

namespace oklo::models {

Result<void> run_prefork_reactor(Stage& stage) {
  Result<Listener> listener = Listener::open(stage.address, Listener::Kind::nonblocking);
  if (!listener) return listener.error();
  stage.listening(listener->address());
  return keep_children(stage.workers, [&listener](unsigned worker) {
    (void)serve_by_epoll(*listener, worker);  // a child that comes back is started again
  });
}

}  // namespace oklo::models
