// A thread for each connection, started when it comes.
//
// Who waits where: the first thread in accept; each other in read, for its own client alone.
// Connection N+1: has a thread of its own. The end of that is the number of fds, of threads (threads-max of
// proc(5), pids.max of a control group) or of mappings: then the connection is closed.
// What it costs: to start a thread for each connection, a part of what a fork takes, since nothing is copied;
// some 10 KiB of memory for each that is open, though its stack reserves 8 MiB of addresses; and a switch for
// each read. With ten thousand of them a good part of what the processors do is to choose who is next.
// What is easily left out: a thread that ended and that nobody joined keeps its stack, as a zombie its entry.
// These are detached: nobody waits for them. All share one table of fds, so whoever closes a number that is
// not his any more closes the connection of another: the Fd that a thread has is the only one.
// What the next model mends: select waits for many clients in one thread.
#include "models/client.h"
#include "models/listener.h"
#include "models/runs.h"
#include "sys/thread.h"

namespace oklo::models {

Result<void> run_thread_per_connection(Stage& stage) {
  Result<Listener> listener = Listener::open(stage.address, Listener::Kind::blocking);
  if (!listener) return listener.error();
  stage.listening(listener->address());
  for (uint64_t number = 0;;) {
    sys::Fd client = listener->take();
    if (!client) continue;
    auto serve = [client = std::move(client), number] { converse(client.get(), number); };
    if (sys::Thread::start_detached("client", std::move(serve))) number++;
  }
}

}  // namespace oklo::models
