// One thread, many clients: epoll keeps the list of them in the kernel, and tells who is ready as long as it
// is.
//
// Who waits where: the thread, in epoll_wait, for all at once.
// Connection N+1: is served as every other. The end is RLIMIT_NOFILE, or memory.
// What it costs: a call to put each fd on the list, and one to wait; the kernel notes who is ready when the
// bytes arrive, so a thousand silent clients cost nothing but their memory. A change from reading to writing
// is a call of its own, which poll has not.
// What is easily left out: who is told of is told of again until all is read (level-triggered), so one read a
// turn is enough, and is fair. To close an fd takes it off the list only when that was its last copy: a child
// that was forked meanwhile has another, and events come on, with a token that stands for nobody. So it is
// taken off before.
// What the next model mends: epoll-edge is told once, and saves the calls in between. More processors are
// used by prefork-reactor and those behind it.
#include "models/epoll_level.h"

#include <array>

#include "models/epoll_clients.h"
#include "models/runs.h"

namespace oklo::models {

// One client is taken in a turn: if more wait, the next turn tells. One that is in the queue costs a turn
// then, but none of them keeps those that are served already.
Result<void> serve_by_epoll(Listener& listener, uint64_t worker, uint32_t interest) {
  Result<sys::Epoll> epoll = sys::Epoll::create();
  if (!epoll) return epoll.error();
  const uint64_t listener_token = static_cast<uint64_t>(listener.fd());
  if (long failed = epoll->add(listener.fd(), interest, listener_token); failed < 0)
    return system_error(static_cast<int>(-failed), "cannot watch the listening socket");
  EpollClients clients(*epoll, worker);
  std::array<epoll_event, 64> events;
  for (;;) {
    long count = epoll->wait(events, -1);  // after a signal -EINTR
    for (long i = 0; i < count; i++) {
      uint64_t token = events[i].data.u64;
      if (token != listener_token) clients.on_event(static_cast<int>(token));
      else if (sys::Fd client = listener.take()) clients.add(std::move(client));
    }
  }
}

Result<void> run_epoll_level(Stage& stage) {
  Result<Listener> listener = Listener::open(stage.address, Listener::Kind::nonblocking);
  if (!listener) return listener.error();
  stage.listening(listener->address());
  return serve_by_epoll(*listener, 0);
}

}  // namespace oklo::models
