#include "models/listener.h"

#include <errno.h>

#include "sys/blocking.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "sys/time.h"
#include "sys/waiting.h"

namespace oklo::models {

namespace {

constexpr uint64_t kPauseMs = 10;

bool no_number_free(long result) { return result == -EMFILE || result == -ENFILE; }

// Of a connection that ended while it waited to be taken (accept(2)), or that another process took.
bool nothing_there(long result) { return result == -EAGAIN || result == -ECONNABORTED; }

}  // namespace

Listener::Listener(sys::Fd fd, sys::Address address, Kind kind)
    : fd_(std::move(fd)), address_(address), kind_(kind) {
  reserve();
}

Result<Listener> Listener::open(const sys::Address& address, Kind kind) {
  return from(sys::listen_on(address, {}), kind);
}

Result<std::vector<Listener>> Listener::open_many(const sys::Address& address, unsigned count) {
  std::vector<Listener> listeners;
  while (listeners.size() < count) {
    sys::ListenOptions joining;
    joining.reuse_port = true;
    Result<Listener> one = from(listeners.empty() ? sys::listen_first(address, {})
                                                  : sys::listen_on(listeners.front().address(), joining),
                                Kind::nonblocking);
    if (!one) return one.error();
    listeners.push_back(*std::move(one));
  }
  return listeners;
}

Result<Listener> Listener::from(Result<sys::Fd> fd, Kind kind) {
  if (!fd) return fd.error();
  if (long failed = kind == Kind::blocking ? sys::make_blocking(fd->get()) : 0; failed < 0)
    return system_error(static_cast<int>(-failed), "cannot wait for connections");
  Result<sys::Address> own = sys::local_address(fd->get());
  if (!own) return own.error();
  return Listener(*std::move(fd), *own, kind);
}

long Listener::accept() {
  sys::Address peer;
  return kind_ == Kind::blocking ? sys::accept_and_wait(fd_.get()) : sys::accept_connection(fd_.get(), peer);
}

bool Listener::reserve() { return sys::open_to_read("/dev/null", reserve_) >= 0; }

// Where no number is free (EMFILE), a connection can't be taken, not even to be closed, and it stays there: a
// loop that only tries again turns without end. So the number in reserve is given away for it, and the
// connection is kept if there is another by then, else closed. What else fails, as for want of memory, may
// be better after a pause.
sys::Fd Listener::take() {
  long result = accept();
  if (no_number_free(result)) result = accept_with_reserve();
  if (result >= 0) return sys::Fd(static_cast<int>(result));
  if (!nothing_there(result)) sys::wait_until(sys::monotonic_ms() + kPauseMs);
  return sys::Fd();
}

long Listener::accept_with_reserve() {
  reserve_.reset();
  long result = accept();
  if (reserve() || result < 0) return result;
  sys::Fd(static_cast<int>(result)).reset();
  reserve();
  return -ECONNABORTED;
}

}  // namespace oklo::models
