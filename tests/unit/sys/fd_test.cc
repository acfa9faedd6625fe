#include "sys/fd.h"

#include <doctest/doctest.h>

#include <fcntl.h>

using oklo::sys::Fd;

namespace {

int open_null() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

bool is_open(int number) { return fcntl(number, F_GETFD) >= 0; }

}  // namespace

TEST_CASE("sys/fd: closes when it dies, when it is reset and when it is assigned to") {
  int number = open_null();
  { Fd fd(number); }
  CHECK(!is_open(number));
  Fd first(open_null()), second(open_null());
  int old = first.get(), kept = second.get();
  first = std::move(second);
  CHECK(!is_open(old));
  CHECK(first.get() == kept);
  CHECK(!second);
  Fd& alias = first;
  first = std::move(alias);
  CHECK(is_open(kept));
  first.reset();
  CHECK(!is_open(kept));
  CHECK(!first);
}

TEST_CASE("sys/fd: release gives the number away") {
  Fd fd(open_null());
  Fd other(fd.release());
  CHECK(!fd);
  CHECK(is_open(other.get()));
  CHECK(Fd().get() == -1);
}
