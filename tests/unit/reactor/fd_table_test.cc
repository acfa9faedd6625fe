#include "reactor/fd_table.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

#include "sys/fd.h"
#include "sys/socket_pair.h"

namespace sys = oklo::sys;
using oklo::FdTable;
using oklo::Reactor;

namespace {

std::unique_ptr<Reactor> make_reactor() { return Reactor::create(1024).value(); }

}  // namespace

TEST_CASE("reactor/fd_table: tells what an fd is ready for, as long as it is") {
  auto reactor = make_reactor();
  FdTable fds(*reactor);
  sys::SocketPair pair = sys::SocketPair::create().value();
  uint32_t seen = 0;
  int calls = 0;
  uint64_t number = fds.add(pair.first.get(), sys::kReadable, [&](uint32_t events) {
    seen = events;
    calls++;
  });
  REQUIRE(number != 0);
  REQUIRE(write(pair.second.get(), "x", 1) == 1);
  reactor->run_once();
  reactor->run_once();
  CHECK(seen == sys::kReadable);
  CHECK(calls == 2);
  CHECK(fds.change(number, sys::kWritable));
  reactor->run_once();
  CHECK(seen == sys::kWritable);
  pair.second.reset();
  CHECK(fds.change(number, 0));
  reactor->run_once();
  CHECK((seen & sys::kHangUp) != 0);
  fds.remove(number);
  CHECK_FALSE(fds.change(number, sys::kReadable));
  CHECK(fds.size() == 0);
}

TEST_CASE("reactor/fd_table: a watch may end itself and another one in the same turn") {
  auto reactor = make_reactor();
  FdTable fds(*reactor);
  sys::SocketPair pair = sys::SocketPair::create().value();
  uint64_t first = 0, second = 0;
  int calls = 0;
  auto end_both = [&](uint32_t) {
    calls++;
    fds.remove(first);
    fds.remove(second);
    fds.remove(first);
  };
  first = fds.add(pair.first.get(), sys::kWritable, end_both);
  second = fds.add(pair.second.get(), sys::kWritable, end_both);
  reactor->post([] {});
  reactor->run_once();
  CHECK(calls == 1);
  CHECK(fds.size() == 0);
}

TEST_CASE("reactor/fd_table: a stale number does not reach the watch in its place") {
  auto reactor = make_reactor();
  FdTable fds(*reactor);
  sys::SocketPair pair = sys::SocketPair::create().value();
  int calls = 0;
  uint64_t stale = fds.add(pair.first.get(), sys::kWritable, [](uint32_t) {});
  fds.remove(stale);
  uint64_t fresh = fds.add(pair.second.get(), sys::kWritable, [&](uint32_t) { calls++; });
  CHECK(stale != fresh);
  fds.remove(stale);
  CHECK_FALSE(fds.change(stale, 0));
  reactor->run_once();
  CHECK(calls == 1);
}

TEST_CASE("reactor/fd_table: what epoll does not watch is answered with 0") {
  auto reactor = make_reactor();
  FdTable fds(*reactor);
  sys::Fd file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  CHECK(fds.add(file.get(), sys::kReadable, [](uint32_t) {}) == 0);
  CHECK(fds.add(-1, sys::kReadable, [](uint32_t) {}) == 0);
  CHECK(fds.add(1'000'000, sys::kReadable, [](uint32_t) {}) == 0);
  CHECK(fds.size() == 0);
}

TEST_CASE("reactor/fd_table: what stands in it when it dies is watched no more") {
  auto reactor = make_reactor();
  sys::SocketPair pair = sys::SocketPair::create().value();
  int calls = 0;
  {
    FdTable fds(*reactor);
    REQUIRE(fds.add(pair.first.get(), sys::kWritable, [&](uint32_t) { calls++; }) != 0);
  }
  reactor->post([] {});
  reactor->run_once();
  CHECK(calls == 0);
}
