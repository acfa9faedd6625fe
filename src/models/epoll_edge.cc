// One thread, many clients: epoll tells once that something has changed, and not again.
//
// Who waits where: the thread, in epoll_wait, for all at once.
// Connection N+1: is served as every other.
// What it costs: one epoll_ctl for the whole life of a client, for reading and writing at once, and one read
// more in each turn, the one that says EAGAIN.
// What is easily left out: everything is to be done until EAGAIN. Who leaves a byte unread hears no more of
// that client: the edge was lost, and it waits for ever. But who reads until EAGAIN from one client that
// sends without a pause keeps all others; so after some rounds a client goes to a list of those that are to
// be gone on with, which is looked at in each turn, and nothing is waited for while it is not empty. The
// listening socket stays level-triggered: an accept that fails for want of fds is no EAGAIN, and would lose
// the rest.
// What the next model mends: half-sync-half-async does the work in other threads, so that one long answer
// does not keep all clients.
#include <array>
#include <memory>
#include <vector>

#include "models/client.h"
#include "models/listener.h"
#include "models/runs.h"
#include "sys/epoll.h"

namespace oklo::models {

namespace {

constexpr int kRounds = 16;
constexpr uint32_t kBoth = sys::kReadable | sys::kWritable | sys::kEdge;

struct Client {
  sys::Fd fd;
  Conversation talk{0};
  bool is_unfinished = false;  // it is on the list
};

class EdgeLoop {
 public:
  EdgeLoop(Listener& listener, sys::Epoll& epoll) : listener_(listener), epoll_(epoll) {}

  void turn() {
    std::array<epoll_event, 64> events;
    long count = epoll_.wait(events, unfinished_.empty() ? -1 : 0);
    std::vector<int> before = std::move(unfinished_);
    unfinished_.clear();
    for (int fd : before) {
      clients_[fd]->is_unfinished = false;
      serve(fd);
    }
    bool more_come = false;
    for (long i = 0; i < count; i++) {
      int fd = static_cast<int>(events[i].data.u64);
      if (fd == listener_.fd()) more_come = true;
      else if (clients_[fd]) serve(fd);
    }
    if (more_come) take_all();
  }

 private:
  void take_all() {
    while (sys::Fd fd = listener_.take()) {
      int number = fd.get();
      if (static_cast<size_t>(number) >= clients_.size()) clients_.resize(number + 1);
      if (epoll_.add(number, kBoth, static_cast<uint64_t>(number)) < 0) continue;
      clients_[number].reset(new Client{std::move(fd)});
    }
  }

  // One that is on the list may be in the events of the same turn, and be closed by then.
  void serve(int fd) {
    Client& client = *clients_[fd];
    Next next = Next::more;
    for (int round = 0; round < kRounds && next == Next::more; round++) next = go_on(fd, client.talk);
    if (next == Next::nothing) {
      clients_[fd].reset();
    } else if (next == Next::more && !client.is_unfinished) {
      client.is_unfinished = true;
      unfinished_.push_back(fd);
    }
  }

  Listener& listener_;
  sys::Epoll& epoll_;
  std::vector<std::unique_ptr<Client>> clients_;  // by fd
  std::vector<int> unfinished_;
};

}  // namespace

Result<void> run_epoll_edge(Stage& stage) {
  Result<Listener> listener = Listener::open(stage.address, Listener::Kind::nonblocking);
  if (!listener) return listener.error();
  Result<sys::Epoll> epoll = sys::Epoll::create();
  if (!epoll) return epoll.error();
  const uint64_t token = static_cast<uint64_t>(listener->fd());
  if (long failed = epoll->add(listener->fd(), sys::kReadable, token); failed < 0)
    return system_error(static_cast<int>(-failed), "cannot watch the listening socket");
  stage.listening(listener->address());
  EdgeLoop loop(*listener, *epoll);
  for (;;) loop.turn();
}

}  // namespace oklo::models
