// Some processes, each with an epoll loop and a listening socket of its own on the same address:
// SO_REUSEPORT.
//
// Who waits where: each process in epoll_wait, for its own clients and its own listening socket.
// Connection N+1: the kernel has chosen its process when the handshake ends, by a hash of the two addresses.
// What it costs: nothing at all when a connection comes: no lock, no herd, a queue for each process. But what
// is in the queue of a process that is busy, or stopped, waits for that one, be the others idle. And it is
// even only for many connections: of eight clients one process may get five.
// What is easily left out: a listening socket that is closed takes what is in its queue along, as RST. So all
// are opened by the first process, which keeps them: a child that dies leaves its queue to the one that
// replaces it. And whoever binds with the option first would let anyone of the same user join: the first of
// them is bound without it, so an address in use is an error.
// What the next model mends: in master-hands-out one process says who serves whom.
#include "models/children.h"
#include "models/epoll_level.h"
#include "models/runs.h"

namespace oklo::models {

Result<void> run_prefork_reactor_reuseport(Stage& stage) {
  Result<std::vector<Listener>> listeners = Listener::open_many(stage.address, stage.workers);
  if (!listeners) return listeners.error();
  stage.listening(listeners->front().address());
  return keep_children(stage.workers, [&listeners](unsigned worker) {
    (void)serve_by_epoll((*listeners)[worker], worker);
  });
}

}  // namespace oklo::models
