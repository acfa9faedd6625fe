// A master and its workers, and what signals tell them: USR1 to tell how they are, HUP to begin anew, TERM to
// finish and end, CHLD that one has ended.
//
// Who waits where: the master for signals, and for nothing else; each worker in epoll_wait, for its clients,
// for the listening socket that all share, and for signals.
// Connection N+1: is served as every other.
// What it costs: nothing while no signal comes. Each is read from an fd (signalfd(2)), like anything else
// that is waited for, so there is no handler, which may interrupt any line and may call next to nothing
// (signal-safety(7)); before signalfd a handler wrote a byte to a pipe that the loop read.
// What is easily left out: signals of a kind do not queue, so one CHLD may stand for many children, and all
// are waited for. They are blocked before a child is forked: one that comes to it early is read by it later,
// and does not kill it. HUP begins with the new workers and ends with the old ones, so somebody always
// accepts; the queue of connections is that of the one socket and is lost to nobody. And to end means to
// answer what was asked, but not to wait for ever: a second TERM, or five seconds, end all.
// What the next model mends: base, the real thing.
#include <algorithm>
#include <string>

#include "base/number.h"
#include "models/children.h"
#include "models/graceful_worker.h"
#include "models/runs.h"
#include "sys/signal_fd.h"
#include "sys/stderr.h"
#include "sys/time.h"
#include "sys/waiting.h"

namespace oklo::models {

namespace {

constexpr uint64_t kPauseMs = 100;  // a child that can't live is not replaced without one

class Master {
 public:
  Master(Listener& listener, unsigned workers) : listener_(listener), workers_(workers) {}

  // Starts those that are missing.
  Result<void> fill() {
    for (size_t number = 0; number < workers_.size(); number++)
      if (workers_[number] == 0)
        if (Result<void> started = start(number); !started) return started;
    return {};
  }

  void on_signal(int signal) {
    switch (signal) {
      case SIGCHLD: return bury();
      case SIGUSR1: return send(workers_, SIGUSR1);
      case SIGHUP: return renew();
      default: return end();
    }
  }

  bool is_done() const { return ending_ && leaving_.empty(); }

 private:
  Result<void> start(size_t number) {
    Result<pid_t> pid = start_child([&] { serve_until_told(listener_, static_cast<unsigned>(number)); });
    if (!pid) return pid.error();
    workers_[number] = *pid;
    return {};
  }

  // To send a signal to 0 would send it to this whole group of processes (kill(2)).
  static void send(const std::vector<pid_t>& pids, int signal) {
    for (pid_t pid : pids)
      if (pid) sys::send_signal(pid, signal);
  }

  // An old one leaves when there is a new one in its place.
  void renew() {
    for (size_t number = 0; number < workers_.size(); number++) {
      pid_t old = workers_[number];
      if (!start(number)) continue;
      send({old}, SIGTERM);
      if (old) leaving_.push_back(old);
    }
  }

  // The first time they may finish.
  void end() {
    for (pid_t pid : workers_)
      if (pid) leaving_.push_back(pid);
    workers_.clear();
    send(leaving_, ending_ ? SIGKILL : SIGTERM);
    ending_ = true;
  }

  void bury() {
    while (std::optional<sys::ChildEvent> event = sys::next_child_event()) {
      if (sys::ChildEvent::Kind kind = event->kind;
          kind != sys::ChildEvent::Kind::exited && kind != sys::ChildEvent::Kind::killed)
        continue;
      std::erase(leaving_, event->pid);
      auto at = std::find(workers_.begin(), workers_.end(), event->pid);
      if (at == workers_.end()) continue;
      *at = 0;
      sys::print(2, "worker " + decimal(at - workers_.begin()) + " " + event->how() + "; another begins\n");
      sys::wait_until(sys::monotonic_ms() + kPauseMs);
    }
  }

  Listener& listener_;
  std::vector<pid_t> workers_;  // by their numbers; 0: there is none
  std::vector<pid_t> leaving_;
  bool ending_ = false;
};

}  // namespace

Result<void> run_signals(Stage& stage) {
  Result<Listener> listener = Listener::open(stage.address, Listener::Kind::nonblocking);
  if (!listener) return listener.error();
  Result<sys::SignalFd> signals = sys::SignalFd::create({SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD});
  if (!signals) return signals.error();
  stage.listening(listener->address());
  Master master(*listener, stage.workers);
  if (Result<void> started = master.fill(); !started) return started;
  for (bool complete = true; !master.is_done(); complete = master.fill().ok()) {
    uint64_t until_ms = complete ? UINT64_MAX : sys::monotonic_ms() + kPauseMs;
    if (sys::wait_readable(signals->fd(), until_ms) < 0) continue;
    while (std::optional<int> signal = signals->next()) master.on_signal(*signal);
  }
  return {};
}

}  // namespace oklo::models
