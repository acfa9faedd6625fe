// One thread, many clients: poll tells which of them can be read from or written to.
//
// Who waits where: the thread, in poll, for all at once.
// Connection N+1: is served as every other, whatever number its fd has. The end is RLIMIT_NOFILE.
// What it costs: the list of all fds goes to the kernel with each call, which asks every one of them and puts
// itself on the waiting list of each, and takes itself off again; and then the list is searched for who it
// was. 10,000 clients of which one says something are 10,000 questions for one answer.
// What is easily left out: an entry tells of errors too (POLLERR, POLLHUP), whether they were asked for or
// not; whoever looks for POLLIN alone turns without end. Here any event is a reason to read, and read tells
// the rest. The list has no holes: the last entry takes the place of the one that goes, so they are walked
// from the end.
// What the next model mends: epoll keeps the list in the kernel, and tells only of those that are ready.
#include <vector>

#include "models/client.h"
#include "models/listener.h"
#include "models/runs.h"
#include "sys/epoll.h"
#include "sys/poll.h"

namespace oklo::models {

namespace {

struct Client {
  sys::Fd fd;
  Conversation talk{0};
};

// The entry of clients[i] is entries[i + 1]; the first one is that of the listening socket.
struct Watched {
  std::vector<sys::PollEntry> entries;
  std::vector<Client> clients;
};

void add(Watched& watched, sys::Fd fd) {
  watched.entries.push_back({fd.get(), sys::kReadable, 0});
  watched.clients.push_back({std::move(fd)});
}

void remove(Watched& watched, size_t i) {
  watched.entries[i + 1] = watched.entries.back();
  std::swap(watched.clients[i], watched.clients.back());
  watched.entries.pop_back();
  watched.clients.pop_back();
}

void serve(Watched& watched) {
  for (size_t i = watched.clients.size(); i-- > 0;) {
    sys::PollEntry& entry = watched.entries[i + 1];
    if (!entry.revents) continue;
    Next next = go_on(entry.fd, watched.clients[i].talk);
    entry.events = next == Next::writing ? sys::kWritable : sys::kReadable;
    if (next == Next::nothing) remove(watched, i);
  }
}

}  // namespace

Result<void> run_poll(Stage& stage) {
  Result<Listener> listener = Listener::open(stage.address, Listener::Kind::nonblocking);
  if (!listener) return listener.error();
  stage.listening(listener->address());
  Watched watched;
  watched.entries.push_back({listener->fd(), sys::kReadable, 0});
  for (;;) {
    if (sys::poll_ready(watched.entries) < 0) continue;
    bool more_come = watched.entries[0].revents != 0;
    serve(watched);
    while (more_come) {
      sys::Fd client = listener->take();
      more_come = bool{client};
      if (client) add(watched, std::move(client));
    }
  }
}

}  // namespace oklo::models
