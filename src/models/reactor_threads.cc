// A thread that accepts, and threads with an epoll loop each; a client belongs to one of them for its whole
// life.
//
// Who waits where: the first thread for connections; each other in epoll_wait, for its own clients.
// Connection N+1: is served as every other, by the thread whose number is its fd modulo their count: the
// kernel gives the lowest free fd, so that shares them out.
// What it costs: one switch for each connection and none for a request; no lock. A client that asks for much
// keeps those of its own thread, and nobody else may help, be they idle.
// What is easily left out: how the thread learns of its new client. The first one calls epoll_ctl for it, on
// the epoll instance of that thread, which may be done while it waits there: a socket that is connected can
// be written to, so the thread wakes with a number that it does not know, and that is the news. No queue, no
// lock, no pipe. An fd that is free again goes by its number to the same thread, which has forgotten the old
// one before it closed it; so no event is ever of two clients.
// What the next model mends: prefork-reactor has processes, so that one that crashes takes few along.
#include <array>

#include "models/epoll_clients.h"
#include "models/listener.h"
#include "models/runs.h"
#include "models/threads.h"
#include "sys/waiting.h"

namespace oklo::models {

namespace {

void serve(sys::Epoll& epoll, unsigned worker) {
  EpollClients clients(epoll, worker);
  std::array<epoll_event, 64> events;
  for (;;) {
    long count = epoll.wait(events, -1);
    for (long i = 0; i < count; i++) {
      int fd = static_cast<int>(events[i].data.u64);
      if (clients.has(fd)) clients.on_event(fd);
      else clients.adopt(sys::Fd(fd));
    }
  }
}

// Once the call is made the number is the other thread's, which may have closed it already: to release it
// asks nothing of the kernel.
void hand_over(std::vector<sys::Epoll>& epolls, size_t threads, sys::Fd client) {
  int fd = client.get();
  const size_t number = static_cast<size_t>(fd);
  if (epolls[number % threads].add(fd, sys::kWritable, number) >= 0) client.release();
}

}  // namespace

Result<void> run_reactor_threads(Stage& stage) {
  Result<Listener> listener = Listener::open(stage.address, Listener::Kind::nonblocking);
  if (!listener) return listener.error();
  std::vector<sys::Epoll> epolls;
  while (epolls.size() < stage.workers) {
    Result<sys::Epoll> epoll = sys::Epoll::create();
    if (!epoll) return epoll.error();
    epolls.push_back(*std::move(epoll));
  }
  stage.listening(listener->address());
  Function<void(unsigned)> work = [&epolls](unsigned worker) { serve(epolls[worker], worker); };
  Result<std::vector<sys::Thread>> threads = start_threads(stage.workers, work);
  if (!threads) return threads.error();
  for (;;) {
    if (sys::wait_readable(listener->fd(), UINT64_MAX) < 0) continue;
    if (sys::Fd client = listener->take()) hand_over(epolls, threads->size(), std::move(client));
  }
}

}  // namespace oklo::models
