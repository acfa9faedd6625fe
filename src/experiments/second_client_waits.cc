// What goes wrong: a server accepts a client, serves it until it leaves, and only then accepts the next one.
// The second client is connected, its request is sent, and no answer comes as long as the first one stays;
// that one need not even ask for anything.
//
// Why: the kernel finishes handshakes by itself and keeps the connections in the accept queue (listen(2)).
// The one process there is waits in a read of the first connection, and nobody looks at the queue.
//
// The mend: wait for all connections at once, and do a little for each that has something: an event loop. Or
// a process or thread for each client, which waits for its own alone, and costs memory for each.
//
// oklo: src/reactor/reactor.cc is the loop, src/net/acceptor.cc accepts in it.

#include "experiments/child.h"
#include "experiments/client.h"
#include "experiments/each.h"
#include "experiments/place.h"
#include "sys/epoll.h"

namespace oklo::experiments {

namespace {

constexpr size_t kClients = 8;

void serve_in_turn(int listener) {
  while (sys::Fd connection = accept_next(listener))
    while (echo(connection.get())) {
    }
}

void serve_in_loop(int listener) { run_loop(listener, sys::kReadable, echo); }

// How many of the clients that came second are answered while the first one stays, and is answered; the first
// of them is waited for so long.
Result<double> count_answered(void (*serve)(int listener), uint32_t patience_ms) {
  Result<Place> place = Place::open();
  if (!place) return place.error();
  Result<Child> server = Child::start([&] { serve(place->listener.get()); });
  if (!server) return server.error();
  SyncClient first = patient_client();
  bool well = first.connect(place->address) && ask(first);
  std::vector<SyncClient> others;
  for (size_t i = 0; i < kClients; i++) {
    others.push_back(SyncClient({.timeout_ms = patience_ms}));
    well = well && others[i].connect(place->address) && others[i].send("?");
  }
  double answered = 0;
  for (size_t i = 0; i < kClients && others[i].read_exactly(1); i++) answered++;
  if (!well || !ask(first)) return Error{0, "the server did not answer the first client: " + first.error()};
  return answered;
}

}  // namespace

Result<Outcome> second_client_waits() {
  Result<double> fault = count_answered(serve_in_turn, kSilenceMs);
  if (!fault) return fault.error();
  Result<double> mend = count_answered(serve_in_loop, kPatienceMs);
  if (!mend) return mend.error();
  return Outcome{.columns = {"one after the other", "event loop"},
                 .findings = {{"clients answered while the first stays, of 8", {*fault, *mend}}},
                 .verdict = "Whoever waits for one client alone does not see that another has come."};
}

}  // namespace oklo::experiments
