#include "lab/interrupts.h"

#include <errno.h>
#include <algorithm>
#include <array>
#include <climits>

#include "sys/time.h"
#include "sys/waiting.h"

namespace oklo::lab {

namespace {

constexpr uint64_t kSignals = 0;
constexpr uint64_t kWanted = 1;

int left_ms(uint64_t until_ms) {
  uint64_t now_ms = sys::monotonic_ms();
  return static_cast<int>(std::min<uint64_t>(until_ms - std::min(until_ms, now_ms), INT_MAX));
}

}  // namespace

Result<Interrupts> Interrupts::create() {
  Result<sys::SignalFd> signals = sys::SignalFd::create({SIGINT, SIGTERM, SIGHUP, SIGCHLD});
  if (!signals) return signals.error();
  Result<sys::Epoll> epoll = sys::Epoll::create();
  if (!epoll) return epoll.error();
  if (long failed = epoll->add(signals->fd(), sys::kReadable, kSignals); failed < 0)
    return system_error(static_cast<int>(-failed), "cannot watch signals");
  return Interrupts(std::move(signals).value(), std::move(epoll).value());
}

void Interrupts::take_signals() {
  while (std::optional<int> signal = signals_.next()) happened_ = happened_ || *signal != SIGCHLD;
}

long Interrupts::wait_readable(int fd, uint64_t until_ms) {
  if (long failed = epoll_.add(fd, sys::kReadable, kWanted); failed < 0) return failed;
  long result = -EINTR;
  while (result == -EINTR && !happened_) {
    std::array<epoll_event, 2> events;
    long count = epoll_.wait(events, left_ms(until_ms));
    if (count < 0 && count != -EINTR) result = count;
    if (count == 0) result = -ETIMEDOUT;
    for (long i = 0; i < count; i++) {
      if (events[static_cast<size_t>(i)].data.u64 == kWanted) result = 0;
      else take_signals();
    }
  }
  epoll_.remove(fd);
  return result;
}

void Interrupts::wait_for_child(uint64_t until_ms) {
  if (sys::wait_readable(signals_.fd(), until_ms) == 0) take_signals();
}

}  // namespace oklo::lab
