#include "sys/epoll.h"

#include <doctest/doctest.h>

#include <errno.h>

#include <array>

#include "sys/event_fd.h"

namespace sys = oklo::sys;

TEST_CASE("sys/epoll: tells what is ready with its token, until it is removed") {
  auto epoll = sys::Epoll::create();
  auto event = sys::EventFd::create();
  REQUIRE(epoll.ok());
  REQUIRE(event.ok());
  std::array<epoll_event, 4> events;
  constexpr uint64_t kToken = 0x0123456789abcdef;
  REQUIRE(epoll->add(event->fd(), sys::kReadable, kToken) == 0);
  CHECK(epoll->add(event->fd(), sys::kReadable, 1) == -EEXIST);
  CHECK(epoll->wait(events, 0) == 0);
  event->ring();
  REQUIRE(epoll->wait(events, 0) == 1);
  CHECK(uint32_t{events[0].events} == sys::kReadable);
  CHECK(uint64_t{events[0].data.u64} == kToken);
  CHECK(epoll->wait(events, -1) == 1);
  REQUIRE(epoll->modify(event->fd(), sys::kReadable | sys::kWritable, 7) == 0);
  REQUIRE(epoll->wait(events, 0) == 1);
  CHECK(uint32_t{events[0].events} == (sys::kReadable | sys::kWritable));
  CHECK(uint64_t{events[0].data.u64} == 7);
  epoll->remove(event->fd());
  CHECK(epoll->wait(events, 0) == 0);
  CHECK(epoll->modify(event->fd(), sys::kReadable, 7) == -ENOENT);
}

TEST_CASE("sys/epoll: an fd that is not open is an error") {
  auto epoll = sys::Epoll::create();
  CHECK(epoll->add(-1, sys::kReadable, 0) == -EBADF);
}
