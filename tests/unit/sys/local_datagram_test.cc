#include "sys/local_datagram.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "temp_dir.h"

namespace sys = oklo::sys;

namespace {

sys::Fd receiver(const std::string& place) {
  sys::Fd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  place.copy(address.sun_path, sizeof address.sun_path - 1);
  size_t length = offsetof(sockaddr_un, sun_path) + place.size() + (place[0] != '@');
  if (place[0] == '@') address.sun_path[0] = '\0';
  REQUIRE(bind(fd.get(), reinterpret_cast<sockaddr*>(&address), static_cast<socklen_t>(length)) == 0);
  return fd;
}

std::string received(const sys::Fd& fd) {
  char bytes[64];
  ssize_t size = recv(fd.get(), bytes, sizeof bytes, 0);
  return size < 0 ? "" : std::string(bytes, static_cast<size_t>(size));
}

}  // namespace

TEST_CASE("sys/local_datagram: one datagram to a path or an abstract name") {
  TempDir temp;
  for (const std::string& place : {temp / "s", "@oklo-datagram-" + std::to_string(getpid())}) {
    sys::Fd peer = receiver(place);
    CHECK(sys::send_to_local(place, "hello") == 0);
    CHECK(received(peer) == "hello");
    CHECK(received(peer) == "");
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
  { sys::Fd dead = receiver(temp / "dead"); }
  CHECK(sys::send_to_local(temp / "dead", "x") == -ECONNREFUSED);
}

TEST_CASE("sys/local_datagram: one who has no room is not waited for") {
  TempDir temp;
  sys::Fd peer = receiver(temp / "s");
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
    sys::Fd peer = receiver(temp / "s");
    REQUIRE(sys::connect_local(fd.get(), temp / "s") == 0);
    CHECK_FALSE(sys::has_lost_peer(fd.get()));
    CHECK(send(shared.get(), "one", 3, MSG_NOSIGNAL) == 3);
    CHECK(received(peer) == "one");
  }
  CHECK(send(shared.get(), "two", 3, MSG_NOSIGNAL) == -1);
  CHECK(sys::has_lost_peer(fd.get()));
  unlink((temp / "s").c_str());
  sys::Fd again = receiver(temp / "s");
  REQUIRE(sys::connect_local(fd.get(), temp / "s") == 0);
  CHECK(send(shared.get(), "three", 5, MSG_NOSIGNAL) == 5);
  CHECK(received(again) == "three");
}
