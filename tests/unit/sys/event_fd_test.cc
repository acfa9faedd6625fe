#include "sys/event_fd.h"

#include <doctest/doctest.h>

#include <poll.h>
#include <unistd.h>

#include <cstdint>

#include "child.h"

namespace {

bool readable(const oklo::sys::EventFd& event) {
  pollfd entry = {event.fd(), POLLIN, 0};
  return poll(&entry, 1, 0) == 1;
}

}  // namespace

TEST_CASE("sys/event_fd: readable from ring to clear") {
  auto event = oklo::sys::EventFd::create();
  REQUIRE(event.ok());
  CHECK(!readable(*event));
  event->clear();
  event->ring();
  event->ring();
  CHECK(readable(*event));
  event->clear();
  CHECK(!readable(*event));
}

TEST_CASE("sys/event_fd: rings across fork and never blocks when full") {
  auto event = oklo::sys::EventFd::create();
  REQUIRE(event.ok());
  const uint64_t most = UINT64_MAX - 1;
  CHECK(in_child([&] { return write(event->fd(), &most, sizeof most) == sizeof most ? 0 : 1; }) == 0);
  event->ring();
  CHECK(readable(*event));
  event->clear();
  CHECK(!readable(*event));
}
