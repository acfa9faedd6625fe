#include "sys/socket_pair.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "emulated.h"
#include "sys/file.h"

namespace sys = oklo::sys;
using sys::Fd;

namespace {

sys::SocketPair make_pair() {
  auto pair = sys::SocketPair::create();
  REQUIRE(pair.ok());
  return std::move(*pair);
}

bool same_file(int a, int b) {
  struct stat one = {}, two = {};
  return fstat(a, &one) == 0 && fstat(b, &two) == 0 && one.st_ino == two.st_ino && one.st_dev == two.st_dev;
}

}  // namespace

TEST_CASE("sys/socket_pair: messages stay whole and in order, both ways") {
  auto pair = make_pair();
  CHECK(sys::send_message(pair.first.get(), std::string_view("one")) == 3);
  CHECK(sys::send_message(pair.first.get(), std::string_view("second")) == 6);
  CHECK(sys::send_message(pair.second.get(), std::string_view("back")) == 4);
  char room[16];
  Fd passed;
  CHECK(sys::receive_message(pair.second.get(), room, passed) == 3);
  CHECK(std::string_view(room, 3) == "one");
  CHECK(sys::receive_message(pair.second.get(), room, passed) == 6);
  CHECK(sys::receive_message(pair.second.get(), room, passed) == -EAGAIN);
  CHECK(sys::receive_message(pair.first.get(), room, passed) == 4);
  CHECK(!passed);
}

TEST_CASE("sys/socket_pair: passes a copy of an fd, close-on-exec") {
  auto pair = make_pair();
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  Fd in(ends[0]), out(ends[1]);
  CHECK(sys::send_message(pair.first.get(), std::string_view("fd"), out.get()) == 2);
  CHECK(sys::send_message(pair.first.get(), std::string_view("none")) == 4);
  char room[16];
  Fd passed;
  CHECK(sys::receive_message(pair.second.get(), room, passed) == 2);
  REQUIRE(passed);
  CHECK(passed.get() != out.get());
  CHECK(same_file(passed.get(), out.get()));
  CHECK((fcntl(passed.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(sys::receive_message(pair.second.get(), room, passed) == 4);
  CHECK(!passed);
}

TEST_CASE("sys/socket_pair: the end of file and a send to no one") {
  auto pair = make_pair();
  pair.first.reset();
  char room[4];
  Fd passed;
  CHECK(sys::receive_message(pair.second.get(), room, passed) == 0);
  CHECK(sys::send_message(pair.second.get(), std::string_view("x")) == -EPIPE);
}

TEST_CASE("sys/socket_pair: what does not fit is EMSGSIZE, its fd is closed, the next message is whole") {
  auto pair = make_pair();
  size_t before = sys::open_fds().size();
  CHECK(sys::send_message(pair.first.get(), std::string_view("too long"), STDERR_FILENO) == 8);
  CHECK(sys::send_message(pair.first.get(), std::string_view("fits")) == 4);
  char room[4];
  Fd passed;
  CHECK(sys::receive_message(pair.second.get(), room, passed) == -EMSGSIZE);
  CHECK(!passed);
  CHECK(sys::open_fds().size() == before);
  CHECK(sys::receive_message(pair.second.get(), room, passed) == 4);
  CHECK(std::string_view(room, 4) == "fits");
}

TEST_CASE("sys/socket_pair: of several fds in one message no second one stays open") {
  if (emulated()) return;
  auto pair = make_pair();
  size_t before = sys::open_fds().size();
  char byte = 'x';
  iovec part = {&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(2 * sizeof(int));
  const int two[] = {STDIN_FILENO, STDERR_FILENO};
  memcpy(CMSG_DATA(header), two, sizeof two);
  REQUIRE(sendmsg(pair.first.get(), &message, 0) == 1);
  char room[4];
  Fd passed;
  CHECK(sys::receive_message(pair.second.get(), room, passed) == 1);
  CHECK(passed);
  passed.reset();
  CHECK(sys::open_fds().size() == before);
}

TEST_CASE("sys/socket_pair: a full pair is EAGAIN, and the ends close on exec") {
  auto pair = make_pair();
  std::string block(1000, 'x');
  long size = 0;
  while (size >= 0) size = sys::send_message(pair.first.get(), block);
  CHECK(size == -EAGAIN);
  for (const Fd* fd : {&pair.first, &pair.second}) CHECK((fcntl(fd->get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("sys/socket_pair: one whose calls wait") {
  auto pair = sys::SocketPair::create_waiting(sys::PairKind::stream);
  REQUIRE(pair.ok());
  for (int fd : {pair->first.get(), pair->second.get()}) CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
}
