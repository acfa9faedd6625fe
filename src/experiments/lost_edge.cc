// What goes wrong: a server watches its connections edge-triggered (EPOLLET, epoll(7)), reads once for each
// event and waits again. A client that sends more at once than one read takes is answered in part, and then
// waits for ever; the server sleeps, though there is something to read.
//
// Why: edge-triggered epoll tells of the moment at which bytes come, not that there are bytes. What one read
// leaves behind is no news, until the client happens to send more.
//
// The mend: read until the kernel says EAGAIN, then wait. Or stay level-triggered: epoll then tells again of
// what was left behind, and one read for each event is right, and often one system call less.
//
// oklo is level-triggered: src/sys/epoll.h, src/net/socket_connection.cc.

#include "experiments/child.h"
#include "experiments/client.h"
#include "experiments/each.h"
#include "experiments/place.h"
#include "sys/epoll.h"
#include "sys/socket.h"

namespace oklo::experiments {

namespace {

constexpr size_t kReadBytes = 16;  // that one read takes
constexpr size_t kRequests = 40;   // that come at once
constexpr int kRounds = 10;

bool answer_once(int connection) {
  char bytes[kReadBytes];
  long size = sys::receive(connection, bytes, sizeof bytes);
  if (size > 0) size = sys::send_bytes(connection, bytes, static_cast<size_t>(size));
  return size > 0 || sys::try_later(size);
}

bool answer_until_empty(int connection) {
  char bytes[kReadBytes];
  long size = 1;
  while (size > 0) {
    size = sys::receive(connection, bytes, sizeof bytes);
    if (size > 0) size = sys::send_bytes(connection, bytes, static_cast<size_t>(size));
  }
  return sys::try_later(size);
}

// How many requests of a client are never answered. Another client is answered ten times after they came:
// the server has been through its loop, and has waited for events, as often.
Result<double> count_unanswered(uint32_t interest, bool (*answer)(int connection)) {
  Result<Place> place = Place::open();
  if (!place) return place.error();
  Result<Child> server = Child::start([&] { run_loop(place->listener.get(), interest, answer); });
  if (!server) return server.error();
  SyncClient eager = patient_client(), other = patient_client();
  bool well = eager.connect(place->address) && other.connect(place->address) && ask(eager) && ask(other) &&
              eager.send(std::string(kRequests, '?'));
  for (int i = 0; i < kRounds; i++) well = well && ask(other);
  if (!well) return Error{0, "the server did not answer: " + eager.error() + other.error()};
  eager.set_timeout(kSilenceMs);
  if (eager.read_exactly(kRequests)) return 0;
  std::optional<std::string> answers = eager.receive();
  return static_cast<double>(kRequests - (answers ? answers->size() : 0));
}

}  // namespace

Result<Outcome> lost_edge() {
  Result<double> fault = count_unanswered(sys::kReadable | sys::kEdge, answer_once);
  if (!fault) return fault.error();
  Result<double> mend = count_unanswered(sys::kReadable | sys::kEdge, answer_until_empty);
  if (!mend) return mend.error();
  Result<double> level = count_unanswered(sys::kReadable, answer_once);
  if (!level) return level.error();
  return Outcome{
      .columns = {"edge, one read", "edge, until EAGAIN", "level, one read"},
      .findings = {{"requests never answered, of 40", {*fault, *mend, *level}}},
      .verdict = "An edge tells of bytes once: who leaves some behind hears no more of them."};
}

}  // namespace oklo::experiments
