#include "process/notifier.h"

#include <errno.h>

#include <algorithm>
#include <utility>

#include "base/number.h"
#include "process/taken_variable.h"
#include "sys/local_datagram.h"
#include "sys/process.h"
#include "sys/time.h"

namespace oklo {

namespace {

// Whether it may be taken later.
bool passes(long failed) {
  constexpr long kPassing[] = {-EAGAIN, -EMFILE, -ENFILE, -ENOBUFS, -ENOMEM};
  return std::find(std::begin(kPassing), std::end(kPassing), failed) != std::end(kPassing);
}

std::string own_pid() { return decimal(static_cast<uint64_t>(sys::current_pid())); }

// The watchdog may be meant for another process: sd_watchdog_enabled(3). Half of its time is the usual beat.
uint64_t beat_of_environment() {
  std::string pid = taken_variable("WATCHDOG_PID");
  std::optional<uint64_t> time_us = parse_decimal(taken_variable("WATCHDOG_USEC"));
  bool is_ours = pid.empty() || pid == own_pid();
  return is_ours && time_us.value_or(0) > 0 ? std::max<uint64_t>(*time_us / 2000, 1) : 0;
}

}  // namespace

Notifier::Notifier(Reactor& reactor, Function<bool()> is_healthy)
    : reactor_(reactor),
      is_healthy_(std::move(is_healthy)),
      place_(taken_variable("NOTIFY_SOCKET")),
      beat_ms_(beat_of_environment()) {}

void Notifier::up(std::string_view status) {
  std::string line(status.substr(0, kStatusBytesMax));
  std::replace(line.begin(), line.end(), '\n', ' ');
  say("READY=1\nMAINPID=" + own_pid() + "\nSTATUS=" + line + "\n");
  if (!place_.empty() && beat_ms_ && !beat_.armed()) beat();
}

// The manager compares the time with that of its order.
void Notifier::reloading() {
  reloads_++;
  if (!stopping_) say("RELOADING=1\nMONOTONIC_USEC=" + decimal(sys::monotonic_ns() / 1000) + "\n");
}

void Notifier::reloaded(std::string_view status) {
  if (--reloads_ == 0 && !stopping_) up(status);
}

void Notifier::stopping() {
  if (!std::exchange(stopping_, true)) say("STOPPING=1\nSTATUS=stopping\n");
}

void Notifier::beat() {
  reactor_.timers().arm(beat_, reactor_.clock().now_ms + beat_ms_);
  // One that gets lost is followed by another in time.
  if (is_healthy_()) (void)!sys::send_to_local(place_, "WATCHDOG=1\n");
}

// What the manager has no room for is said again later, unless there is something newer to say then. Another
// failure is for good: nobody listens.
void Notifier::say(std::string_view message) {
  if (place_.empty()) return;
  bool later = passes(sys::send_to_local(place_, message));
  unsaid_ = later ? message : "";
  if (later) reactor_.timers().arm(again_, reactor_.clock().now_ms + kAgainMs);
  else reactor_.timers().cancel(again_);
}

}  // namespace oklo
