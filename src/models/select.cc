// One thread, many clients: select tells which of them can be read from or written to.
//
// Who waits where: the thread, in select, for all at once. The sockets are non-blocking, and nothing else
// waits, so a client that is slow keeps nobody.
// Connection N+1: is served as every other, as long as its fd is below 1,024. A higher number has no bit in
// an fd_set, and FD_SET would write behind it, into other memory: such a connection is closed at once.
// What it costs: each call gives the kernel a bit for every fd and gets one back for each, and both sides
// look at all of them, though one client said something: time grows with the clients, not with what they say.
// What is easily left out: select writes its answer over the question, so the sets are made anew each time. A
// socket is watched for writing only while an answer is under way: it can nearly always be written to. And
// the clients are served before others are taken: a new one may get the number that another had in this turn,
// and the sets tell of the old one.
// What the next model mends: poll has no 1,024.
#include <errno.h>

#include <map>

#include "models/client.h"
#include "models/listener.h"
#include "models/runs.h"
#include "sys/select.h"

namespace oklo::models {

namespace {

struct Client {
  sys::Fd fd;
  Conversation talk{0};
  Next next = Next::more;
};
using Clients = std::map<int, Client>;  // by fd

void serve(Clients& clients, const sys::FdSet& readable, const sys::FdSet& writable) {
  for (auto at = clients.begin(); at != clients.end();) {
    auto& [fd, client] = *at;
    if (readable.has(fd) || writable.has(fd)) client.next = go_on(fd, client.talk);
    at = client.next == Next::nothing ? clients.erase(at) : std::next(at);
  }
}

void take_all(Listener& listener, Clients& clients) {
  while (sys::Fd fd = listener.take())
    if (int number = fd.get(); sys::FdSet::fits(number)) clients[number].fd = std::move(fd);
}

}  // namespace

Result<void> run_select(Stage& stage) {
  Result<Listener> listener = Listener::open(stage.address, Listener::Kind::nonblocking);
  if (!listener) return listener.error();
  if (!sys::FdSet::fits(listener->fd())) return system_error(EMFILE, "select can't watch a listening socket");
  stage.listening(listener->address());
  Clients clients;
  for (;;) {
    sys::FdSet readable, writable;
    readable.add(listener->fd());
    for (const auto& [fd, client] : clients) (client.next == Next::writing ? writable : readable).add(fd);
    if (sys::select_ready(sys::FdSet::kEnd, readable, writable) < 0) continue;
    serve(clients, readable, writable);
    if (readable.has(listener->fd())) take_all(*listener, clients);
  }
}

}  // namespace oklo::models
