#include <doctest/doctest.h>

#include <errno.h>
#include <unistd.h>

#include <string>

#include "faulty_kernel.h"
#include "process/listeners.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "temp_dir.h"

namespace faults = oklo::faults;
namespace sys = oklo::sys;
using oklo::Listeners;

TEST_CASE("fault/net: listeners are opened all or none") {
  TempDir temp;
  std::string path = temp / "s";
  auto there = [&] { return access(path.c_str(), F_OK) == 0; };
  for (int number : {EACCES, EMFILE, ENOMEM, ENOBUFS, EIO}) {
    CAPTURE(number);
    size_t fds = sys::open_fds().size();
    int k = 0;
    for (bool happened = true; happened;) {
      k++;
      CAPTURE(k);
      {
        faults::Scope scope;
        faults::fail("*", k, number);
        auto listeners = Listeners::open({{"127.0.0.1:0"}, {"unix:" + path}, {":0", true}}, 3);
        happened = faults::all_happened();
        CHECK(listeners.ok() == !happened);
        if (!listeners.ok()) CHECK(listeners.error().number == number);
        CHECK(there() == listeners.ok());
        if (listeners.ok()) listeners->close();
      }
      CHECK(!there());
      CHECK(sys::open_fds().size() == fds);
    }
    CHECK(k > 10);
  }
}

TEST_CASE("fault/net: the port that the first listener got may be taken before the others join") {
  for (int nth : {2, 3}) {
    faults::Scope scope;
    size_t fds = sys::open_fds().size();
    faults::fail("bind", nth, EADDRINUSE);
    auto listeners = Listeners::open({{"127.0.0.1:0"}}, 3);
    REQUIRE(!listeners.ok());
    CHECK(listeners.error().number == EADDRINUSE);
    CHECK(sys::open_fds().size() == fds);
  }
}

TEST_CASE("fault/net: a left-over path that can't be removed is an error, and stays") {
  TempDir temp;
  std::string path = temp / "s";
  { sys::Fd dead = sys::listen_on(*sys::Address::parse("unix:" + path), {}).value(); }
  faults::Scope scope;
  faults::fail("unlink", 1, EROFS);
  auto listeners = Listeners::open({{"127.0.0.1:0"}, {"unix:" + path}}, 2);
  REQUIRE(!listeners.ok());
  CHECK(listeners.error().number == EROFS);
  CHECK(access(path.c_str(), F_OK) == 0);
}
