// What goes wrong: a server has as many files open as it may have. accept fails with EMFILE, the connection
// stays in the queue, the listener stays readable, and a level-triggered epoll says so again at once: the
// loop turns as fast as the processor can, does nothing, and takes the time that those need whose leaving
// would end it.
//
// Why: accept(2) needs a number for the connection before it takes it out of the queue, and there is no way
// to refuse a connection without accepting it.
//
// The mend: stop watching the listener for a moment, or until a connection is closed. Or keep a spare fd:
// close it, accept in its place, close that at once, and take the spare again: the client hears that it is
// not served instead of nothing, but a flood of clients keeps the server busy with refusing.
//
// oklo: src/net/acceptor.cc pauses; and before it comes to that, a pool that is full takes the listener out
// of epoll (connections_max).

#include <errno.h>

#include <algorithm>

#include "experiments/child.h"
#include "experiments/each.h"
#include "experiments/place.h"
#include "experiments/shared_page.h"
#include "sys/epoll.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/socket.h"
#include "sys/time.h"

namespace oklo::experiments {

namespace {

enum class Mend { none, pause, spare };

constexpr int kClients = 5;
constexpr uint64_t kWindowMs = 300;
constexpr uint64_t kPauseMs = 100;

struct Loop {
  Count turns;
  uint64_t processor_ns = 0;
};

// The lowest free number becomes the first that may not be had.
bool take_all_fds(int any) {
  sys::Fd next;
  return sys::duplicate(any, next) >= 0 && sys::lower_file_limit(static_cast<uint64_t>(next.get()));
}

sys::Fd accept_one(int listener, long& failed) {
  sys::Address peer;
  failed = sys::accept_connection(listener, peer);
  return sys::Fd(static_cast<int>(failed));
}

// Accepts for a while, without an fd to accept with.
void serve(int listener, Mend mend, Loop& loop) {
  Result<sys::Epoll> epoll = sys::Epoll::create();
  sys::Fd spare;
  if (!epoll || epoll->add(listener, sys::kReadable, 0) < 0 || sys::duplicate(listener, spare) < 0) return;
  if (!take_all_fds(listener)) return;
  const uint64_t end_ms = sys::monotonic_ms() + kWindowMs;
  uint64_t resume_ms = 0;  // when a pause is over; 0: there is none
  for (uint64_t now_ms = 0; (now_ms = sys::monotonic_ms()) < end_ms;) {
    if (resume_ms && now_ms >= resume_ms) (void)epoll->modify(listener, sys::kReadable, resume_ms = 0);
    uint64_t until_ms = resume_ms ? std::min(resume_ms, end_ms) : end_ms;
    epoll_event event = {};
    if (epoll->wait({&event, 1}, static_cast<int>(until_ms - now_ms)) != 1) continue;
    loop.turns.add();
    long failed = 0;
    if (accept_one(listener, failed) || failed != -EMFILE) continue;
    if (mend == Mend::pause) {
      resume_ms = now_ms + kPauseMs;
      (void)epoll->modify(listener, 0, 0);
    } else if (mend == Mend::spare) {
      spare.reset();
      (void)accept_one(listener, failed);
      (void)sys::duplicate(listener, spare);
    }
  }
  loop.processor_ns = sys::thread_cpu_ns();
}

struct Course {
  double turns_a_second = 0;
  double processor_percent = 0;  // of one
  double refused = 0;  // clients who have heard that they are not served
};

Result<Course> observe(Mend mend) {
  Result<Place> place = Place::open();
  if (!place) return place.error();
  Result<SharedPage<Loop>> loop = SharedPage<Loop>::make();
  if (!loop) return loop.error();
  std::vector<SyncClient> clients(kClients);
  for (SyncClient& client : clients)
    if (!client.connect(place->address)) return Error{0, client.error()};
  Result<Child> server = Child::start([&] { serve(place->listener.get(), mend, **loop); });
  if (!server) return server.error();
  server->wait();
  Course course = {
      .turns_a_second = (*loop)->turns.value() * 1000.0 / kWindowMs,
      .processor_percent = static_cast<double>((*loop)->processor_ns) / (kWindowMs * 1e4)};
  for (SyncClient& client : clients) {
    client.set_timeout(10);
    (void)client.receive(1);
    if (client.ended()) course.refused++;
  }
  return course;
}

}  // namespace

Result<Outcome> emfile_spin() {
  Outcome outcome{.columns = {"nothing is done", "the acceptor pauses", "a spare fd"},
                  .findings = {{"turns of the loop a second", {}},
                               {"processor time, %", {}},
                               {"clients that are told, of 5", {}}},
                  .verdict = "What cannot be accepted stays readable: do not ask again at once."};
  for (Mend mend : {Mend::none, Mend::pause, Mend::spare}) {
    Result<Course> course = observe(mend);
    if (!course) return course.error();
    outcome.findings[0].figures.push_back(course->turns_a_second);
    outcome.findings[1].figures.push_back(course->processor_percent);
    outcome.findings[2].figures.push_back(course->refused);
  }
  return outcome;
}

}  // namespace oklo::experiments
