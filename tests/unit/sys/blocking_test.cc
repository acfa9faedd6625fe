#include "sys/blocking.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <fcntl.h>

#include "sys/socket.h"

namespace sys = oklo::sys;

TEST_CASE("sys/blocking: a listener waits, and so does what it accepts, with other flags as they were") {
  sys::Fd listener = std::move(*sys::listen_on(*sys::Address::parse("127.0.0.1:0"), {}));
  CHECK(sys::accept_and_wait(listener.get()) == -EAGAIN);
  REQUIRE(sys::make_blocking(listener.get()) == 0);
  CHECK((fcntl(listener.get(), F_GETFL) & O_NONBLOCK) == 0);
  sys::Fd client = std::move(*sys::connect_to(*sys::local_address(listener.get())));
  sys::Fd server(static_cast<int>(sys::accept_and_wait(listener.get())));
  REQUIRE(server);
  CHECK((fcntl(server.get(), F_GETFL) & O_NONBLOCK) == 0);
  CHECK((fcntl(server.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("sys/blocking: what is no socket is an errno") {
  CHECK(sys::make_blocking(-1) == -EBADF);
  CHECK(sys::accept_and_wait(-1) == -EBADF);
}
