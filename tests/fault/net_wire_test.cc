#include "net/wire.h"

#include <doctest/doctest.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "faulty_kernel.h"
#include "net/turns.h"

using namespace oklo;
namespace faults = oklo::faults;

namespace {

// Both ends of one wire on one Reactor.
struct Pair : Turns {
  Pair() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    near_fd.reset(ends[0]);
    far_fd.reset(ends[1]);
    near.emplace(*reactor, near_fd.get(), 11, buffer,
                 Wire::Events{.on_broken = [this](uint32_t) { refused++; }});
    far.emplace(*reactor, far_fd.get(), 22, buffer,
                Wire::Events{.on_record =
                                 [this](const codec::WireRecord& record, sys::Fd file) {
                                   seen += std::string(record.bytes.substr(0, 9)) + (file ? "+file " : " ");
                                 },
                             .on_broken =
                                 [this](uint32_t writer) {
                                   broken++;
                                   blamed = writer;
                                 }});
    REQUIRE(near->start());
    REQUIRE(far->start());
    far->read(true);
  }
  void send(std::string_view bytes, sys::Fd file = {}) {
    near->put({.type = 1, .bytes = bytes}, std::move(file));
    near->commit();
  }
  static sys::Fd a_file() { return sys::Fd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

  std::vector<char> buffer = std::vector<char>(Wire::kDatagramBytes);
  sys::Fd near_fd, far_fd;
  std::optional<Wire> near, far;
  std::string seen;
  int refused = 0;
  int broken = 0;
  uint32_t blamed = 0;
};

}  // namespace

TEST_CASE("fault/net: what a wire can't send for want of memory leaves later, in its order") {
  for (int number : {EAGAIN, EINTR, ENOBUFS, ENOMEM, ETOOMANYREFS}) {
    Pair pair;
    faults::Scope scope;
    faults::fail("send", 1, number);
    faults::fail("send", 2, number);
    pair.send("first");
    pair.near->flush();
    CHECK(pair.near->full());
    pair.send("second", Pair::a_file());
    faults::fail("sendmsg", 1, number);
    pair.turn_until([&] { return pair.seen == "first second+file "; });
    CHECK(faults::all_happened());
    CHECK_FALSE(pair.near->full());
    CHECK(pair.refused + pair.broken == 0);
  }
}

TEST_CASE("fault/net: the parts of a long unit that leave one by one") {
  Pair pair;
  faults::Scope scope;
  for (int nth : {1, 3, 4}) faults::fail("sendmsg", nth, nth % 2 ? EAGAIN : ENOBUFS);
  std::string text(200'000, 'x');
  pair.send(text, Pair::a_file());
  pair.send("next");
  pair.turn_until([&] { return pair.seen == "xxxxxxxxx+file next "; });
  CHECK(faults::all_happened());
}

TEST_CASE("fault/net: what the kernel will never take is told and dropped") {
  for (int number : {EMSGSIZE, ECONNREFUSED}) {
    Pair pair;
    faults::Scope scope;
    faults::fail("send", 1, number);
    pair.send("lost");
    pair.turn();
    CHECK(pair.refused == 1);
    pair.send("next");
    pair.turn_until([&] { return pair.seen == "next "; });
  }
}

TEST_CASE("fault/net: what can't be received now is received later") {
  for (int number : {EAGAIN, EINTR, ENOMEM, ENOBUFS}) {
    Pair pair;
    faults::Scope scope;
    pair.send("one");
    faults::fail("recvmsg", 1, number);
    pair.turn_until([&] { return pair.seen == "one "; });
    CHECK(faults::all_happened());
    CHECK(pair.broken == 0);
    faults::fail_always("recvmsg", number == EINTR ? EAGAIN : number);
    pair.far->read_all();  // It ends.
    pair.turn();
    faults::clear();
    pair.send("two");
    pair.turn_until([&] { return pair.seen == "one two "; });
  }
}

TEST_CASE("fault/net: who has no room for a file that comes gets its record without it") {
  Pair pair;
  pair.send("with", Pair::a_file());
  pair.near->flush();
  std::vector<sys::Fd> taken;
  rlimit before, none;
  getrlimit(RLIMIT_NOFILE, &before);
  sys::Fd next(dup(0));
  none = {static_cast<rlim_t>(next.get()), before.rlim_max};
  next.reset();
  setrlimit(RLIMIT_NOFILE, &none);
  pair.turn();
  setrlimit(RLIMIT_NOFILE, &before);
  CHECK(pair.broken == 0);
  CHECK(pair.seen == "with ");
  pair.send("next");
  pair.turn_until([&] { return pair.seen == "with next "; });
}

TEST_CASE("fault/net: a wire that can't be watched is an error") {
  Pair pair;
  pair.near.reset();
  pair.near.emplace(*pair.reactor, pair.near_fd.get(), 11, pair.buffer, Wire::Events{});
  faults::Scope scope;
  faults::fail("epoll_ctl", 1, ENOMEM);
  CHECK_FALSE(pair.near->start().ok());
}
