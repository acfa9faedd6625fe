#include "net/acceptor.h"

#include <errno.h>

#include "sys/socket.h"

namespace oklo {

Acceptor::Acceptor(ConnectionPool& pool, Endpoint& endpoint, int listener, bool deferred, bool exclusive)
    : pool_(pool), endpoint_(endpoint), listener_(listener), deferred_(deferred), exclusive_(exclusive) {}

Acceptor::~Acceptor() {
  if (watching_) pool_.reactor().remove(listener_);
}

Result<void> Acceptor::start() {
  uint32_t interest = sys::kReadable | (exclusive_ ? sys::kExclusive : 0u);
  if (long failed = pool_.reactor().add(listener_, interest, *this); failed < 0)
    return system_error(static_cast<int>(-failed), "cannot watch a listener");
  watching_ = true;
  return {};
}

// The loop: one wake-up may stand for many connections, and asking epoll for each would cost a call. Its
// bound keeps a flood of connections from holding up those that are there.
void Acceptor::on_event(uint32_t) {
  for (int i = 0; i < kAcceptsMax; i++)
    if (!accept_one()) return;
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
