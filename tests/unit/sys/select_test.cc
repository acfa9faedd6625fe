#include "sys/select.h"

#include <doctest/doctest.h>

#include <errno.h>

#include "child.h"
#include "sys/event_fd.h"

namespace sys = oklo::sys;

TEST_CASE("sys/select: tells who is ready, of those that were asked for") {
  auto quiet = sys::EventFd::create();
  auto loud = sys::EventFd::create();
  REQUIRE((quiet.ok() && loud.ok()));
  loud->ring();
  sys::FdSet readable, writable;
  readable.add(quiet->fd());
  readable.add(loud->fd());
  CHECK(sys::select_ready(sys::FdSet::kEnd, readable, writable) == 1);
  CHECK(readable.has(loud->fd()));
  CHECK(!readable.has(quiet->fd()));
  CHECK(!writable.has(loud->fd()));
}

TEST_CASE("sys/select: a closed fd is an errno") {
  sys::FdSet readable, writable;
  int fd = sys::EventFd::create()->fd();  // closed at once
  readable.add(fd);
  CHECK(sys::select_ready(sys::FdSet::kEnd, readable, writable) == -EBADF);
}

TEST_CASE("sys/select: a number that has no bit does not fit, and to add it is a bug") {
  CHECK(sys::FdSet::fits(1023));
  CHECK(!sys::FdSet::fits(1024));
  CHECK(!sys::FdSet::fits(-1));
  CHECK(!sys::FdSet().has(1024));
  CHECK(aborts([] { sys::FdSet().add(1024); }) == 1000 + SIGABRT);
}
