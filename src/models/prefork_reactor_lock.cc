// Some processes, each with an epoll loop; one of them holds a lock, and only that one watches the listening
// socket.
//
// Who waits where: each process in epoll_wait, for its own clients; the one with the lock for new ones, too.
// Connection N+1: is taken by the one that holds the lock. It gives the lock away before it serves anybody,
// so that another can take the next one meanwhile.
// What it costs: two calls of epoll_ctl when the lock changes hands. Who did not get it looks again after 20
// ms: nobody tells it that the lock is free, since it waits in epoll_wait and not for the lock. So when the
// holder is kept by its clients a new one may wait that long.
// What is easily left out: a process that dies with the lock. It stands in memory that all share and is
// robust (pthread_mutexattr_setrobust(3)): the kernel gives it to the next one. Against one that is stopped
// with the lock nothing helps: nobody accepts then.
// What the next model mends: prefork-reactor-reuseport needs no lock, since nothing is shared.
#include <array>
#include <new>

#include "models/children.h"
#include "models/epoll_clients.h"
#include "models/listener.h"
#include "models/runs.h"
#include "sys/memory.h"
#include "sys/shared_mutex.h"

namespace oklo::models {

namespace {

constexpr int kLookAgainMs = 20;

class LockedLoop {
 public:
  LockedLoop(Listener& listener, sys::SharedMutex& lock, sys::Epoll& epoll, uint64_t worker)
      : listener_(listener), lock_(lock), epoll_(epoll), clients_(epoll, worker) {}

  // Who has the lock sleeps until something happens, and has it until then.
  void turn() {
    bool leads = lock_.try_lock() != sys::SharedMutex::Locked::no;
    watch_listener(leads);
    std::array<epoll_event, 64> events;
    long count = epoll_.wait(events, watching_ ? -1 : kLookAgainMs);
    sys::Fd client;
    if (leads) {
      for (long i = 0; i < count; i++)
        if (is_of_listener(events[i])) client = listener_.take();
      lock_.unlock();
    }
    for (long i = 0; i < count; i++)
      if (!is_of_listener(events[i])) clients_.on_event(static_cast<int>(events[i].data.u64));
    if (client) clients_.add(std::move(client));
  }

 private:
  bool is_of_listener(const epoll_event& event) const {
    return event.data.u64 == static_cast<uint64_t>(listener_.fd());
  }

  // One that gets the lock again, as it mostly does while the others sleep, has nothing to change.
  void watch_listener(bool wanted) {
    if (wanted == watching_) return;
    int fd = listener_.fd();
    if (!wanted) epoll_.remove(fd);
    watching_ = wanted && epoll_.add(fd, sys::kReadable, static_cast<uint64_t>(fd)) >= 0;
  }

  Listener& listener_;
  sys::SharedMutex& lock_;
  sys::Epoll& epoll_;
  EpollClients clients_;
  bool watching_ = false;
};

void serve(Listener& listener, sys::SharedMutex& lock, uint64_t worker) {
  Result<sys::Epoll> epoll = sys::Epoll::create();
  if (!epoll) return;
  LockedLoop loop(listener, lock, *epoll, worker);
  for (;;) loop.turn();
}

}  // namespace

Result<void> run_prefork_reactor_lock(Stage& stage) {
  Result<Listener> listener = Listener::open(stage.address, Listener::Kind::nonblocking);
  if (!listener) return listener.error();
  Result<sys::Memory> memory = sys::Memory::allocate_shared(sizeof(sys::SharedMutex));
  if (!memory) return memory.error();
  auto* lock = new (memory->data()) sys::SharedMutex;
  lock->init();
  stage.listening(listener->address());
  return keep_children(stage.workers, [&](unsigned worker) { serve(*listener, *lock, worker); });
}

}  // namespace oklo::models
