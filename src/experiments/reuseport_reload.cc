// What goes wrong: each worker has a listener of its own at the same address (SO_REUSEPORT). At a reload, or
// when there are to be fewer workers, one closes its listener and leaves. Clients whose connections were in
// its accept queue get a reset, though other workers are there, though all was announced, and though most
// reloads go well.
//
// Why: the kernel has chosen one of the listeners when the handshake began, and finished the handshake by
// itself. The connection belongs to that listener, and is gone with it. (Since Linux 5.14 the kernel moves
// such connections to another listener where net.ipv4.tcp_migrate_req says so; it seldom does.)
//
// The mend: listeners belong to a process that stays, the master: it made them, and as long as it has them
// open nothing is lost. Whoever is left serves the listener of the one who has gone. Or, where a listener
// must go: see to it that the kernel gives it no more connections, take those that wait, then close it.
//
// oklo: the master keeps them (src/process/listeners.cc); one that is not needed any more is steered empty
// first (src/sys/steering.h).

#include <string>
#include <vector>

#include "experiments/child.h"
#include "experiments/each.h"
#include "experiments/place.h"
#include "experiments/shared_page.h"
#include "sys/socket.h"
#include "sys/steering.h"
#include "sys/waiting.h"

namespace oklo::experiments {

namespace {

constexpr size_t kClients = 64;  // that are connected, and in an accept queue

enum class Leaving { closes, drains, is_kept };

bool can_steer() {
  Result<Place> place = open_shared_place();
  return place && sys::steer_to_first(place->listener.get(), 1) >= 0;
}

// Answers all that wait at a listener.
void take_waiting(int listener) {
  sys::Address peer;
  for (long fd = 0; (fd = sys::accept_connection(listener, peer)) >= 0;) {
    sys::Fd connection(static_cast<int>(fd));
    (void)sys::send_bytes(connection.get(), "!", 1);
  }
}

// A handshake may take a moment more than the client's part of it. Where the kernel does not tell how many
// wait, that moment is over already.
void wait_for_handshakes(int first, int second) {
  for (uint64_t now_ms = sys::monotonic_ms(), end_ms = now_ms + kPatienceMs; now_ms < end_ms;
       now_ms = sys::monotonic_ms()) {
    sys::AcceptQueue one = sys::accept_queue(first), other = sys::accept_queue(second);
    if (one.limit == 0 || one.length + other.length >= kClients) return;
    sys::wait_until(now_ms + 1);
  }
}

// The worker that leaves was busy until now. What it closes is its own; when the master has it, too, it stays
// open.
void leave(Leaving way, int others_listener, int listener, const Count& told) {
  if (!told.reaches(1)) return;
  wait_for_handshakes(others_listener, listener);
  if (way == Leaving::drains && sys::steer_to_first(listener, 1) >= 0) take_waiting(listener);
}

bool has_answer(SyncClient& client) { return client.read_exactly(1).has_value(); }

// Two listeners at one address, and two workers; all clients are connected before the second worker leaves.
// How many are not answered.
Result<double> count_lost(Leaving way) {
  Result<Place> place = open_shared_place();
  if (!place) return place.error();
  Result<sys::Fd> second = join_place(*place);
  if (!second) return second.error();
  Result<SharedPage<Count>> told = SharedPage<Count>::make();
  if (!told) return told.error();
  Result<Child> leaver = Child::start([&] { leave(way, place->listener.get(), second->get(), **told); });
  if (!leaver) return leaver.error();
  if (way != Leaving::is_kept) second->reset();
  std::vector<SyncClient> clients;
  for (size_t i = 0; i < kClients; i++) {
    clients.push_back(patient_client());
    if (!clients[i].connect(place->address)) return Error{0, clients[i].error()};
  }
  (*told)->add();
  leaver->wait();
  Result<Child> stayer = Child::start([&] {
    take_waiting(place->listener.get());
    if (way == Leaving::is_kept) take_waiting(second->get());
  });
  if (!stayer) return stayer.error();
  double lost = 0;
  for (SyncClient& client : clients) lost += !has_answer(client);
  return lost;
}

}  // namespace

Result<Outcome> reuseport_reload() {
  struct {
    Leaving way;
    const char* column;
  } ways[] = {{Leaving::closes, "closed"},
              {Leaving::is_kept, "the master keeps it"},
              {Leaving::drains, "steered empty, then closed"}};
  Outcome outcome{.columns = {},
                  .findings = {{"connections lost, of 64", {}}},
                  .verdict = "What waits at a listener is lost when nobody has that open any more."};
  for (const auto& [way, column] : ways) {
    if (way == Leaving::drains && !can_steer()) {
      outcome.not_taken.push_back("steered empty: the kernel does not steer (SO_ATTACH_REUSEPORT_CBPF)");
      continue;
    }
    Result<double> lost = count_lost(way);
    if (!lost) return lost.error();
    outcome.columns.push_back(column);
    outcome.findings[0].figures.push_back(*lost);
  }
  if (outcome.findings[0].figures[0] == 0)
    outcome.not_taken.push_back("the fault: this kernel moves connections (net.ipv4.tcp_migrate_req)");
  return outcome;
}

}  // namespace oklo::experiments
