#include "sys/poll.h"

#include <doctest/doctest.h>

#include <vector>

#include "sys/epoll.h"
#include "sys/event_fd.h"

namespace sys = oklo::sys;

TEST_CASE("sys/poll: tells in each entry what is ready") {
  auto quiet = sys::EventFd::create();
  auto loud = sys::EventFd::create();
  REQUIRE((quiet.ok() && loud.ok()));
  loud->ring();
  std::vector<sys::PollEntry> entries = {{quiet->fd(), sys::kReadable, 0}, {loud->fd(), sys::kReadable, 0}};
  CHECK(sys::poll_ready(entries) == 1);
  CHECK(entries[0].revents == 0);
  CHECK(entries[1].revents == sys::kReadable);
}
