#include "net/relay.h"

#include <doctest/doctest.h>

#include <errno.h>

#include "faulty_kernel.h"

namespace faults = oklo::faults;

TEST_CASE("fault/net: without memory or fds there is no broadcast") {
  faults::Scope scope;
  faults::fail("mmap", 2, ENOMEM);
  CHECK(oklo::Broadcast::create(3).error().number == ENOMEM);
  faults::fail("eventfd", 2, EMFILE);
  CHECK(oklo::Broadcast::create(3).error().number == EMFILE);
  CHECK(oklo::Broadcast::create(3).ok());
}

TEST_CASE("fault/net: a relay that can't hear the others says so, one that only sends hears nobody") {
  oklo::Broadcast broadcast = oklo::Broadcast::create(2).value();
  oklo::ConnectionTable table = oklo::ConnectionTable::create(64).value();
  auto reactor = oklo::Reactor::create(1024).value();
  oklo::LifeRow row = {};
  oklo::ConnectionPool pool(*reactor, table, row, 0, 64);
  oklo::Relay relay(*reactor, row, {.broadcast = &broadcast}, &pool);
  oklo::Relay sender(*reactor, row, {.broadcast = &broadcast}, nullptr);
  faults::Scope scope;
  faults::fail("epoll_ctl", 1, ENOSPC);
  CHECK(relay.start().error().number == ENOSPC);
  faults::fail("epoll_ctl", 1, ENOSPC);
  CHECK(sender.start().ok());
}
