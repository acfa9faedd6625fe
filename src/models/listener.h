#pragma once

#include <vector>

#include "base/result.h"
#include "sys/address.h"
#include "sys/fd.h"

namespace oklo::models {

// The socket that connections are taken from, and a number kept in reserve for when none is free.
class Listener {
 public:
  // Whether take() waits for a connection, and what it takes is a blocking socket.
  enum class Kind { blocking, nonblocking };

  static Result<Listener> open(const sys::Address& address, Kind kind);

  // As many sockets on one address, all non-blocking; the kernel shares out what comes (SO_REUSEPORT).
  static Result<std::vector<Listener>> open_many(const sys::Address& address, unsigned count);

  // Of a socket that listens already, or the error that is in its place.
  static Result<Listener> from(Result<sys::Fd> fd, Kind kind);

  // The next connection. Empty when there is none, when it was gone already, or when it had to be refused:
  // come again.
  sys::Fd take();

  int fd() const { return fd_.get(); }
  const sys::Address& address() const { return address_; }
  // Nothing is taken by this process any more.
  void close() { fd_.reset(); }

 private:
  Listener(sys::Fd fd, sys::Address address, Kind kind);
  long accept();
  long accept_with_reserve();
  bool reserve();

  sys::Fd fd_;
  sys::Address address_;
  Kind kind_;
  sys::Fd reserve_;
};

}  // namespace oklo::models
