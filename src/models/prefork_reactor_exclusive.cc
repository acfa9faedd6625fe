// Some processes, each with an epoll loop, and one listening socket that wakes one of them: EPOLLEXCLUSIVE.
//
// Who waits where: each process in epoll_wait, for its own clients and for the one listening socket.
// Connection N+1: is served as every other.
// What it costs: nothing, but it is not fair. The kernel asks those who wait in the order in which they came
// to the list, and wakes the first that sleeps: the same one again and again, and another only while that one
// is busy. With few connections at a time one process has nearly all of them, and they stay there.
// What is easily left out: the bit is taken by EPOLL_CTL_ADD alone (epoll_ctl(2)), and on a kernel before 4.5
// not at all. A process that is woken and does not accept, as for want of fds, has used up the wake-up, but
// the socket is level-triggered: whoever waits next is told.
// What the next model mends: prefork-reactor-lock has a lock that goes round, and is older than the bit.
#include "models/children.h"
#include "models/epoll_level.h"
#include "models/runs.h"

namespace oklo::models {

Result<void> run_prefork_reactor_exclusive(Stage& stage) {
  Result<Listener> listener = Listener::open(stage.address, Listener::Kind::nonblocking);
  if (!listener) return listener.error();
  stage.listening(listener->address());
  return keep_children(stage.workers, [&listener](unsigned worker) {
    (void)serve_by_epoll(*listener, worker, sys::kReadable | sys::kExclusive);
  });
}

}  // namespace oklo::models
