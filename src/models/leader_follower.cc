// Some threads; one of them, the leader, accepts, and then makes the next one the leader and serves.
//
// Who waits where: the leader in accept; the followers for the lock that makes one of them the leader; those
// that have a client in read.
// Connection N+1, where N is the number of threads: waits in the queue, as with prefork, until a client
// closes; then its thread is a follower again, and soon the leader.
// What it costs: a lock for each connection, and no more: what the leader accepted it serves itself, so the
// connection is handed to nobody, is copied to no queue, and is still in the cache of that processor. Threads
// share one memory, so they are cheaper than processes, and one that crashes ends them all.
// What it is good at: exactly one is woken for a connection, on every system, whatever its accept does; and
// the one that gets the lock is, with most locks, the one that gave it up last, so few threads do the most.
// What the next model mends: thread-per-connection has no N.
#include "models/client.h"
#include "models/listener.h"
#include "models/runs.h"
#include "models/threads.h"
#include "sys/mutex.h"

namespace oklo::models {

namespace {

struct Crew {
  Listener listener;
  sys::Mutex lead;
};

sys::Fd take_as_leader(Crew& crew) {
  sys::Mutex::Hold leading(crew.lead);
  return crew.listener.take();
}

void follow_and_lead(Crew& crew, unsigned worker) {
  for (;;) {
    sys::Fd client = take_as_leader(crew);
    if (client) converse(client.get(), worker);
  }
}

}  // namespace

// The first process itself only waits for its threads. They block all signals, so it is the one that SIGTERM
// ends, and with it all of them.
Result<void> run_leader_follower(Stage& stage) {
  Result<Listener> listener = Listener::open(stage.address, Listener::Kind::blocking);
  if (!listener) return listener.error();
  stage.listening(listener->address());
  Crew crew{*std::move(listener), {}};
  Function<void(unsigned)> work = [&crew](unsigned worker) { follow_and_lead(crew, worker); };
  Result<std::vector<sys::Thread>> threads = start_threads(stage.workers, work);
  return threads ? Result<void>() : threads.error();
}

}  // namespace oklo::models
