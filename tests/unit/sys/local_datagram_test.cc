#include "sys/local_datagram.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "local_receiver.h"
#include "temp_dir.h"

namespace sys = oklo::sys;

TEST_CASE("sys/local_datagram: one datagram to a path or an abstract name") {
  TempDir temp;
  for (const std::string& place : {temp / "s", "@oklo-datagram-" + std::to_string(getpid())}) {
    LocalReceiver peer(place);
    CHECK(sys::send_to_local(place, "hello") == 0);
    CHECK(peer.heard() == "hello");
    CHECK(peer.heard() == "");
  }
}

TEST_CASE("sys/local_datagram: what is no place, or where nobody is") {
  TempDir temp;
  CHECK(sys::send_to_local("", "x") == -EINVAL);
  CHECK(sys::send_to_local("relative", "x") == -EINVAL);
  CHECK(sys::send_to_local(std::string("/a\0b", 4), "x") == -EINVAL);
  CHECK(sys::send_to_local("/" + std::string(107, 'a'), "x") == -EINVAL);
  CHECK(sys::send_to_local("/" + std::string(106, 'a'), "x") == -ENOENT);
  CHECK(sys::send_to_local("@nobody-is-here-at-all", "x") == -ECONNREFUSED);
  { LocalReceiver dead(temp / "dead"); }
  CHECK(sys::send_to_local(temp / "dead", "x") == -ECONNREFUSED);
}

TEST_CASE("sys/local_datagram: one who has no room is not waited for") {
  TempDir temp;
  LocalReceiver peer(temp / "s");
  long sent = 0;
  while ((sent = sys::send_to_local(temp / "s", "x")) == 0) {}
  CHECK(sent == -EAGAIN);
}

TEST_CASE("sys/local_datagram: a peer that comes again is found again, by all who share the socket") {
  TempDir temp;
  sys::Fd fd = sys::open_local_datagrams().value();
  CHECK((fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK(sys::has_lost_peer(fd.get()));
  sys::Fd shared(dup(fd.get()));
  {
    LocalReceiver peer(temp / "s");
    REQUIRE(sys::connect_local(fd.get(), temp / "s") == 0);
    CHECK_FALSE(sys::has_lost_peer(fd.get()));
    CHECK(send(shared.get(), "one", 3, MSG_NOSIGNAL) == 3);
    CHECK(peer.heard() == "one");
  }
  CHECK(send(shared.get(), "two", 3, MSG_NOSIGNAL) == -1);
  CHECK(sys::has_lost_peer(fd.get()));
  LocalReceiver again(temp / "s");
  REQUIRE(sys::connect_local(fd.get(), temp / "s") == 0);
  CHECK(send(shared.get(), "three", 5, MSG_NOSIGNAL) == 5);
  CHECK(again.heard() == "three");
}
