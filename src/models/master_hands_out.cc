// One process accepts, and passes each connection to one of its workers: SCM_RIGHTS.
//
// Who waits where: the master in accept's stead, for connections; each worker in epoll_wait, for its own
// clients and for the socket pair between it and the master.
// Connection N+1: is given to the worker whose turn it is, so all have as many, whoever is busy.
// What it costs: for each connection a message, with a copy of the fd in it, and a switch; the master is one
// more process between a client and its answer, but only once.
// What is easily left out: the master closes its copy, or the client never sees the end. A worker that is
// full or stopped does not take its messages (EAGAIN): the next one is asked, and when nobody takes it, it is
// tried again a little later. A worker that died is noticed when its turn comes (EPIPE), and replaced. A
// child closes its copies of the pairs of the others, or they would not see the end of the master, and that
// of a client.
// What it is good at: the master may choose by what it sees: the peer's address, a load, a name in the first
// bytes.
// What the next model mends: none; daemon and signals tell how such a program is run.
#include <errno.h>

#include <array>

#include "models/children.h"
#include "models/epoll_clients.h"
#include "models/listener.h"
#include "models/runs.h"
#include "sys/socket_pair.h"
#include "sys/time.h"
#include "sys/waiting.h"

namespace oklo::models {

namespace {

constexpr int kRounds = 100;
constexpr uint64_t kPauseMs = 50;

// In a worker. A message without an fd is of a connection for which this process had no number left.
void serve(const sys::Fd& from_master, uint64_t worker) {
  Result<sys::Epoll> epoll = sys::Epoll::create();
  const uint64_t master_token = static_cast<uint64_t>(from_master.get());
  if (!epoll || epoll->add(from_master.get(), sys::kReadable, master_token) < 0) return;
  EpollClients clients(*epoll, worker);
  std::array<epoll_event, 64> events;
  for (;;) {
    long count = epoll->wait(events, -1);
    for (long i = 0; i < count; i++) {
      if (events[i].data.u64 != master_token) {
        clients.on_event(static_cast<int>(events[i].data.u64));
        continue;
      }
      sys::Fd client;
      char byte = 0;
      if (sys::receive_message(from_master.get(), {&byte, 1}, client) == 0) return;
      if (client) clients.add(std::move(client));
    }
  }
}

class Master {
 public:
  Master(Listener& listener, unsigned workers) : listener_(listener), to_workers_(workers) {}

  Result<void> start_all() {
    sys::Fd nobody;
    for (size_t worker = 0; worker < to_workers_.size(); worker++)
      if (Result<void> started = start(worker, nobody); !started) return started;
    return {};
  }

  // One that is nobody's after all rounds is closed.
  void hand_out(sys::Fd client) {
    for (int round = 0; round < kRounds; round++) {
      for (size_t tried = 0; tried < to_workers_.size(); tried++) {
        size_t worker = turn_++ % to_workers_.size();
        long result = give(worker, client);
        if (result < 0 && result != -EAGAIN && start(worker, client)) result = give(worker, client);
        if (result >= 0) return;
      }
      sys::wait_until(sys::monotonic_ms() + kPauseMs);
    }
  }

 private:
  long give(size_t worker, const sys::Fd& client) {
    if (!to_workers_[worker]) return -EPIPE;
    return sys::send_message(to_workers_[worker].get(), {"c", 1}, client.get());
  }

  // The child has copies of all that is open, so also of the client that is being handed out.
  Result<void> start(size_t worker, sys::Fd& client) {
    to_workers_[worker].reset();
    Result<sys::SocketPair> pair = sys::SocketPair::create();
    if (!pair) return pair.error();
    Result<pid_t> started = start_child([&] {
      client.reset();
      listener_.close();
      to_workers_.clear();
      pair->first.reset();
      serve(pair->second, worker);
    });
    if (!started) return started.error();
    to_workers_[worker] = std::move(pair->first);
    return {};
  }

  Listener& listener_;
  std::vector<sys::Fd> to_workers_;  // empty: it is not there
  size_t turn_ = 0;
};

}  // namespace

Result<void> run_master_hands_out(Stage& stage) {
  Result<Listener> listener = Listener::open(stage.address, Listener::Kind::nonblocking);
  if (!listener) return listener.error();
  sys::leave_no_zombies();
  stage.listening(listener->address());
  Master master(*listener, stage.workers);
  if (Result<void> started = master.start_all(); !started) return started;
  for (;;) {
    if (sys::wait_readable(listener->fd(), UINT64_MAX) < 0) continue;
    if (sys::Fd client = listener->take()) master.hand_out(std::move(client));
  }
}

}  // namespace oklo::models
