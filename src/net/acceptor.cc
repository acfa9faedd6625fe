#include "net/acceptor.h"

#include <errno.h>

#include <algorithm>

#include "sys/socket.h"

namespace oklo {

Acceptor::Acceptor(ConnectionPool& pool, Endpoint& endpoint, int listener, bool deferred, bool exclusive)
    : pool_(pool), endpoint_(endpoint), listener_(listener), deferred_(deferred), exclusive_(exclusive) {}

Acceptor::~Acceptor() {
  if (watching_) pool_.reactor().remove(listener_);
}

Result<std::unique_ptr<Intake>> Acceptor::start(ConnectionPool& pool, Endpoint& endpoint, int listener,
                                                bool deferred, bool exclusive) {
  auto acceptor = std::make_unique<Acceptor>(pool, endpoint, listener, deferred, exclusive);
  if (Result<void> started = acceptor->start(); !started) return started.error();
  return std::unique_ptr<Intake>(std::move(acceptor));
}

Result<void> Acceptor::start() {
  uint32_t interest = sys::kReadable | (exclusive_ ? sys::kExclusive : 0u);
  if (long failed = pool_.reactor().add(listener_, interest, *this); failed < 0)
    return system_error(static_cast<int>(-failed), "cannot watch a listener");
  watching_ = true;
  return {};
}

// One wake-up may stand for many connections, and asking epoll for each would cost a call; but to look for
// one more than there are costs a call, too. So it takes twice as many when there were as many as it
// expected, and as many as there were else. What is left wakes it again: epoll is level-triggered.
void Acceptor::on_event(uint32_t) {
  int accepted = 0;
  while (accepted < expected_ && accept_one()) accepted++;
  expected_ = accepted == expected_ ? std::min(2 * expected_, kAcceptsMax) : std::max(accepted, 1);
}

void Acceptor::take_waiting() {
  for (size_t left = kWaitingMax; left > 0 && accept_one();) left--;
}

bool Acceptor::accept_one() {
  if (pool_.full()) {
    pause(0);
    return false;
  }
  sys::Address peer;
  long fd = sys::accept_connection(listener_, peer);
  if (fd >= 0) {
    pool_.open(endpoint_, sys::Fd(static_cast<int>(fd)), peer, deferred_);
    return true;
  }
  // Errors of a connection that is gone already count for nothing (accept(2), "Error handling").
  bool out_of_memory = fd == -EMFILE || fd == -ENFILE || fd == -ENOBUFS || fd == -ENOMEM;
  if (out_of_memory) pause(kPauseMs);
  return fd != -EAGAIN && !out_of_memory;
}

// A listener that is readable and can't be accepted from would wake the Reactor in every turn.
void Acceptor::pause(uint32_t for_ms) {
  if (watching_) pool_.reactor().remove(listener_);
  watching_ = false;
  pool_.life().accept_pauses.add(1);
  if (for_ms) pool_.reactor().timers().arm(*this, pool_.reactor().clock().now_ms + for_ms);
}

void Acceptor::on_room() {
  if (!watching_) resume();
}

void Acceptor::on_timer() {
  if (!watching_) resume();
}

void Acceptor::resume() {
  if (pool_.full()) return;
  pool_.reactor().timers().cancel(*this);
  if (!start()) pause(kPauseMs);
}

}  // namespace oklo
