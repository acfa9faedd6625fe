#include "models/graceful_worker.h"

#include <array>
#include <string>

#include "base/number.h"
#include "models/epoll_clients.h"
#include "sys/process.h"
#include "sys/signal_fd.h"
#include "sys/stderr.h"
#include "sys/time.h"

namespace oklo::models {

namespace {

constexpr uint64_t kLeaveMs = 5000;
constexpr int kLookMs = 100;  // how often one that leaves looks at the clock

class Worker {
 public:
  Worker(Listener& listener, sys::Epoll& epoll, sys::SignalFd& signals, unsigned number)
      : listener_(listener), epoll_(epoll), signals_(signals), number_(number), clients_(epoll, number) {}

  void run() {
    for (int fd : {listener_.fd(), signals_.fd()})
      if (epoll_.add(fd, sys::kReadable, static_cast<uint64_t>(fd)) < 0) return;
    std::array<epoll_event, 64> events;
    while (!leaving_ || (clients_.count() > 0 && sys::monotonic_ms() < end_ms_)) {
      long count = epoll_.wait(events, leaving_ ? kLookMs : -1);
      for (long i = 0; i < count; i++) on_event(static_cast<int>(events[i].data.u64));
    }
  }

 private:
  // To leave closes clients that may have an event in the same turn, and the listening socket may have one.
  void on_event(int fd) {
    if (fd == signals_.fd()) {
      while (std::optional<int> signal = signals_.next()) on_signal(*signal);
    } else if (fd != listener_.fd()) {
      if (clients_.has(fd)) clients_.on_event(fd);
    } else if (!leaving_) {
      if (sys::Fd client = listener_.take()) clients_.add(std::move(client));
    }
  }

  void on_signal(int signal) {
    if (signal == SIGUSR1) return tell();
    if (leaving_) return;
    leaving_ = true;
    end_ms_ = sys::monotonic_ms() + kLeaveMs;
    epoll_.remove(listener_.fd());
    clients_.end_soon();
  }

  void tell() const {
    std::string who = "worker " + decimal(number_) + ", process " + decimal(sys::current_pid());
    std::string how = decimal(clients_.count()) + " clients now, " + decimal(clients_.served()) + " in all";
    sys::print(2, who + ": " + how + "\n");
  }

  Listener& listener_;
  sys::Epoll& epoll_;
  sys::SignalFd& signals_;
  unsigned number_;
  EpollClients clients_;
  bool leaving_ = false;
  uint64_t end_ms_ = 0;
};

}  // namespace

void serve_until_told(Listener& listener, unsigned number) {
  Result<sys::Epoll> epoll = sys::Epoll::create();
  Result<sys::SignalFd> signals = sys::SignalFd::create({SIGTERM, SIGINT, SIGUSR1});
  if (epoll && signals) Worker(listener, *epoll, *signals, number).run();
}

}  // namespace oklo::models
