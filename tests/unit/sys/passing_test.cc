#include "sys/passing.h"

#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string>

using namespace oklo;

namespace {

struct Ends {
  Ends() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends) == 0);
    first.reset(ends[0]);
    second.reset(ends[1]);
  }
  sys::Fd first, second;
};

bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

}  // namespace

TEST_CASE("a datagram goes with its fds, in order") {
  Ends ends;
  std::vector<sys::Fd> fds;
  for (int i = 0; i < static_cast<int>(sys::kPassedFdsMax); i++)
    fds.emplace_back(fcntl(i % 2 ? ends.first.get() : 0, F_DUPFD_CLOEXEC, 0));
  CHECK(sys::send_with_fds(ends.first.get(), "head", " body", fds) == 9);
  char bytes[64];
  std::vector<sys::Fd> passed;
  long size = sys::receive_with_fds(ends.second.get(), bytes, passed);
  CHECK(std::string(bytes, static_cast<size_t>(size)) == "head body");
  REQUIRE(passed.size() == sys::kPassedFdsMax);
  for (size_t i = 0; i < passed.size(); i++) {
    struct stat a, b;
    REQUIRE(fstat(passed[i].get(), &a) == 0);
    REQUIRE(fstat(fds[i].get(), &b) == 0);
    CHECK(a.st_ino == b.st_ino);
    CHECK((fcntl(passed[i].get(), F_GETFD) & FD_CLOEXEC) != 0);
  }
}

TEST_CASE("a datagram without fds") {
  Ends ends;
  CHECK(sys::send_with_fds(ends.first.get(), "head", "", {}) == 4);
  char bytes[64];
  std::vector<sys::Fd> passed;
  CHECK(sys::receive_with_fds(ends.second.get(), bytes, passed) == 4);
  CHECK(passed.empty());
  CHECK(sys::receive_with_fds(ends.second.get(), bytes, passed) == -EAGAIN);
}

TEST_CASE("of a datagram that does not fit nothing is kept") {
  Ends ends;
  std::vector<sys::Fd> fds;
  fds.emplace_back(dup(0));
  CHECK(sys::send_with_fds(ends.first.get(), "a long head", "", fds) == 11);
  char bytes[4];
  std::vector<sys::Fd> passed;
  passed.emplace_back(dup(0));
  int next = dup(0);
  close(next);
  CHECK(sys::receive_with_fds(ends.second.get(), bytes, passed) == -EMSGSIZE);
  CHECK(passed.size() == 1);
  CHECK(!is_open(next));
}
