// What goes wrong: a server hands an answer to the kernel with one write and goes on. Clients that read fast
// get all of it, so each test passes; a client that reads slowly, or the first large answer, gets the
// beginning and then the end of the connection.
//
// Why: a write to a socket that does not block takes what there is room for, and says how much that was
// (send(2)). Who does not look, or takes EAGAIN for an error, drops the rest. One that blocks would take
// all, and hold up everybody else as long as this client likes.
//
// The mend: keep the rest in a queue of that connection, watch for the moment at which there is room again
// (EPOLLOUT), and stop watching when the queue is empty. And a bound for the queue: who never reads must not
// take all memory.
//
// oklo: src/net/output_queue.cc and src/net/socket_connection.cc; its bounds are in HttpLimits,
// WebSocketOptions and StreamOptions.

#include "experiments/child.h"
#include "experiments/each.h"
#include "experiments/place.h"
#include "experiments/shared_page.h"
#include "sys/epoll.h"
#include "sys/memory.h"
#include "sys/socket.h"

namespace oklo::experiments {

namespace {

constexpr size_t kAnswerBytes = 32u << 20;  // more than the kernel keeps for one connection
constexpr size_t kClients = 4;

// One connection, and how much of its answer is still to be sent.
struct Reader {
  sys::Fd connection;
  size_t left = kAnswerBytes;

  // Whether more is to be sent later.
  bool send_some(const sys::Memory& answer) {
    long sent = sys::send_bytes(connection.get(), answer.data() + (kAnswerBytes - left), left);
    left -= sent > 0 ? static_cast<size_t>(sent) : 0;
    return left > 0 && (sent >= 0 || sys::try_later(sent));
  }
};

// Every client is sent what there is room for. The rest is dropped, or it waits until there is room again.
void serve(int listener, bool queue, Count& answered) {
  Result<sys::Memory> answer = sys::Memory::allocate(kAnswerBytes);
  Result<sys::Epoll> epoll = sys::Epoll::create();
  if (!answer || !epoll) return;
  Reader readers[kClients];
  size_t waiting = 0;
  for (Reader& reader : readers) {
    reader.connection = accept_next(listener);
    bool more = reader.send_some(*answer);
    answered.add();
    if (!more || !queue) reader.connection.reset();
    else if (epoll->add(reader.connection.get(), sys::kWritable, waiting) >= 0) waiting++;
  }
  while (waiting > 0) {
    epoll_event event = {};
    if (epoll->wait({&event, 1}, -1) != 1) continue;
    Reader& reader = readers[event.data.u64];
    if (reader.send_some(*answer)) continue;
    reader.connection.reset();
    waiting--;
  }
}

size_t read_to_end(SyncClient& client) {
  size_t bytes = 0;
  while (std::optional<std::string> some = client.receive()) bytes += some->size();
  return bytes;
}

struct Arrived {
  double whole = 0, percent = 0;
};

// The clients begin to read when the server has tried to send to all of them.
Result<Arrived> count_arrived(bool queue) {
  Result<Place> place = Place::open();
  if (!place) return place.error();
  Result<SharedPage<Count>> answered = SharedPage<Count>::make();
  if (!answered) return answered.error();
  Result<Child> server = Child::start([&] { serve(place->listener.get(), queue, **answered); });
  if (!server) return server.error();
  std::vector<SyncClient> clients;
  for (size_t i = 0; i < kClients; i++) {
    clients.push_back(patient_client());
    if (!clients[i].connect(place->address)) return Error{0, clients[i].error()};
  }
  if (!(*answered)->reaches(kClients)) return Error{0, "the server has not sent anything"};
  Arrived arrived;
  for (SyncClient& client : clients) {
    size_t bytes = read_to_end(client);
    arrived.whole += bytes == kAnswerBytes;
    arrived.percent += 100.0 * static_cast<double>(bytes) / kAnswerBytes / kClients;
  }
  return arrived;
}

}  // namespace

Result<Outcome> slow_reader() {
  Result<Arrived> fault = count_arrived(false);
  if (!fault) return fault.error();
  Result<Arrived> mend = count_arrived(true);
  if (!mend) return mend.error();
  return Outcome{.columns = {"one write", "a queue"},
                 .findings = {{"answers of 32 MiB that arrive whole, of 4", {fault->whole, mend->whole}},
                              {"of their bytes, %", {fault->percent, mend->percent}}},
                 .verdict = "A write takes what there is room for; the rest must be kept and sent later."};
}

}  // namespace oklo::experiments
