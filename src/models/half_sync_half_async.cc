// A thread that waits for all clients and reads what they ask; a queue of requests; and a pool of threads
// that answer them.
//
// Who waits where: the first thread, the asynchronous half, in epoll_wait; each thread of the pool, the
// synchronous half, for something in the queue. A thread of the pool may take its time, or block in a call to
// a data base: it keeps one of N, and not the loop.
// Connection N+1: is served as every other. Request N+1, while N are answered, waits in the queue.
// What it costs: two switches between threads and a lock for each request, which is more than such a short
// answer is worth; and the request is in the cache of one processor and answered on another.
// What is easily left out: who has a client? An event that comes while a thread answers would have two
// threads write to one socket, or close it; then the number may be that of another client, who gets the
// answer. So it is watched for one event (EPOLLONESHOT) and belongs to whoever got that, until it is watched
// again.
// What the next model mends: reactor-threads leaves each client to one thread for its whole life.
#include <array>
#include <atomic>
#include <deque>
#include <memory>

#include "models/client.h"
#include "models/listener.h"
#include "models/runs.h"
#include "models/threads.h"
#include "sys/condition.h"
#include "sys/epoll.h"

namespace oklo::models {

namespace {

struct Client {
  sys::Fd fd;
  Conversation talk{0};
  std::atomic<bool> handed = false;  // for watch and on_event
};
using Owned = std::unique_ptr<Client>;

// Clients with a request that is whole; at most all that there are.
class Queue {
 public:
  void put(Owned client) {
    sys::Mutex::Hold hold(mutex_);
    clients_.push_back(std::move(client));
    filled_.wake_one();
  }

  Owned take() {
    sys::Mutex::Hold hold(mutex_);
    while (clients_.empty()) filled_.wait(mutex_);
    Owned client = std::move(clients_.front());
    clients_.pop_front();
    return client;
  }

 private:
  sys::Mutex mutex_;
  sys::Condition filled_;
  std::deque<Owned> clients_;
};

uint64_t token_of(const Client* client) { return reinterpret_cast<uintptr_t>(client); }

// Gives the client to the epoll instance: from then on it may be another thread's, so it is given up before.
// What this thread wrote that one sees, since the kernel orders the two calls; the language knows nothing of
// that, and wants an atomic.
void watch(sys::Epoll& epoll, Owned owned, Next next) {
  if (next == Next::nothing) return;
  uint32_t interest = next == Next::writing ? sys::kWritable : sys::kReadable;
  Client* client = owned.release();
  client->handed.store(true, std::memory_order_release);
  if (epoll.modify(client->fd.get(), interest | sys::kOneShot, token_of(client)) < 0) owned.reset(client);
}

// The asynchronous half: half a request is none, and costs no thread of the pool.
void on_event(sys::Epoll& epoll, Queue& queue, Owned client) {
  (void)client->handed.load(std::memory_order_acquire);
  int fd = client->fd.get();
  Conversation& talk = client->talk;
  Next next = talk.unsent().empty() ? read_some(fd, talk) : send_some(fd, talk);
  if (next == Next::more && talk.has_request()) queue.put(std::move(client));
  else watch(epoll, std::move(client), next);
}

void take_client(sys::Epoll& epoll, Listener& listener) {
  sys::Fd fd = listener.take();
  if (!fd) return;
  int number = fd.get();
  Owned client(new Client{std::move(fd)});
  if (epoll.add(number, sys::kReadable | sys::kOneShot, token_of(client.get())) >= 0) client.release();
}

// The synchronous half. What the socket does not take at once the other half sends.
void answer_requests(sys::Epoll& epoll, Queue& queue, unsigned worker) {
  for (;;) {
    Owned client = queue.take();
    client->talk.serve_as(worker);
    client->talk.answer();
    Next next = send_some(client->fd.get(), client->talk);
    watch(epoll, std::move(client), next);
  }
}

}  // namespace

Result<void> run_half_sync_half_async(Stage& stage) {
  Result<Listener> listener = Listener::open(stage.address, Listener::Kind::nonblocking);
  if (!listener) return listener.error();
  Result<sys::Epoll> epoll = sys::Epoll::create();
  if (!epoll) return epoll.error();
  constexpr uint64_t kListener = 0;  // no client stands at the address 0
  if (long failed = epoll->add(listener->fd(), sys::kReadable, kListener); failed < 0)
    return system_error(static_cast<int>(-failed), "cannot watch the listening socket");
  stage.listening(listener->address());
  Queue queue;
  Function<void(unsigned)> work = [&](unsigned worker) { answer_requests(*epoll, queue, worker); };
  Result<std::vector<sys::Thread>> pool = start_threads(stage.workers, work);
  if (!pool) return pool.error();
  std::array<epoll_event, 64> events;
  for (;;) {
    long count = epoll->wait(events, -1);
    for (long i = 0; i < count; i++) {
      uint64_t token = events[i].data.u64;
      if (token == kListener) take_client(*epoll, *listener);
      else on_event(*epoll, queue, Owned(reinterpret_cast<Client*>(static_cast<uintptr_t>(token))));
    }
  }
}

}  // namespace oklo::models
