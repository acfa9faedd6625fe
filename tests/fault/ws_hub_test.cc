#include "ws/hub.h"

#include <doctest/doctest.h>

#include <errno.h>

#include "faulty_kernel.h"

namespace faults = oklo::faults;

TEST_CASE("fault/ws: without memory or fds there is no broadcast") {
  faults::Scope scope;
  faults::fail("mmap", 2, ENOMEM);
  CHECK(oklo::Broadcast::create(3).error().number == ENOMEM);
  faults::fail("eventfd", 2, EMFILE);
  CHECK(oklo::Broadcast::create(3).error().number == EMFILE);
  CHECK(oklo::Broadcast::create(3).ok());
}

TEST_CASE("fault/ws: a hub that can't hear the others says so") {
  oklo::Broadcast broadcast = oklo::Broadcast::create(2).value();
  auto reactor = oklo::Reactor::create(1024).value();
  oklo::LifeRow row = {};
  oklo::ws::Hub hub(*reactor, row, {.broadcast = &broadcast});
  faults::Scope scope;
  faults::fail("epoll_ctl", 1, ENOSPC);
  CHECK(hub.start().error().number == ENOSPC);
}
