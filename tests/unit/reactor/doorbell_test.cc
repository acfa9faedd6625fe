#include "reactor/doorbell.h"

#include <doctest/doctest.h>

#include "child.h"

namespace sys = oklo::sys;
using oklo::Doorbell;
using oklo::Reactor;

TEST_CASE("reactor/doorbell: calls once for any number of rings, and again for a ring during the call") {
  auto reactor = Reactor::create(1024).value();
  sys::EventFd bell = sys::EventFd::create().value();
  int calls = 0;
  auto doorbell = Doorbell::create(*reactor, bell, [&] {
    if (++calls == 1) bell.ring();
  });
  REQUIRE(doorbell.ok());
  bell.ring();
  bell.ring();
  reactor->run_once();
  CHECK(calls == 1);
  reactor->run_once();
  CHECK(calls == 2);
  reactor->post([] {});
  reactor->run_once();
  CHECK(calls == 2);
}

TEST_CASE("reactor/doorbell: another process rings it") {
  auto reactor = Reactor::create(1024).value();
  sys::EventFd bell = sys::EventFd::create().value();
  int calls = 0;
  auto doorbell = Doorbell::create(*reactor, bell, [&] { calls++; });
  REQUIRE(in_child([&] {
            bell.ring();
            return 0;
          }) == 0);
  reactor->run_once();
  CHECK(calls == 1);
}

TEST_CASE("reactor/doorbell: when it dies nobody listens") {
  auto reactor = Reactor::create(1024).value();
  sys::EventFd bell = sys::EventFd::create().value();
  int calls = 0;
  { auto doorbell = Doorbell::create(*reactor, bell, [&] { calls++; }); }
  bell.ring();
  reactor->post([] {});
  reactor->run_once();
  CHECK(calls == 0);
}
