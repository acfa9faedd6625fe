#include <doctest/doctest.h>

#include <errno.h>

#include <string>

#include "faulty_kernel.h"
#include "net/listening.h"
#include "net/peer.h"
#include "sys/file.h"
#include "temp_dir.h"

#include <oklo/sync_client.h>

namespace faults = oklo::faults;
namespace sys = oklo::sys;
using oklo::SyncClient;

namespace {

struct World {
  TempDir temp;
  Listening listening{"127.0.0.1:0"};
  SyncClient client{options()};

  oklo::SyncClientOptions options() const {
    temp.file("hosts", "127.0.0.1 web\n");
    oklo::SyncClientOptions made;
    made.resolver.hosts = temp / "hosts";
    return made;
  }
  std::string name() const { return listening.address.to_string(); }
  std::string by_name() const { return "web:" + std::to_string(listening.address.port()); }
  Peer accept() const {
    sys::Address from;
    return Peer(sys::Fd(static_cast<int>(sys::accept_connection(listening.listener.get(), from))));
  }
};

struct Row {
  const char* call;
  int number;
};

}  // namespace

TEST_CASE("fault/net: each call of a connect that waits may fail, and nothing is left behind") {
  for (const Row& row : {Row{"socket", EMFILE}, Row{"setsockopt", ENOMEM}, Row{"connect", ENETUNREACH},
                         Row{"getsockopt", ENOBUFS}}) {
    CAPTURE(row.call);
    World world;
    size_t open = sys::open_fds().size();
    faults::Scope scope;
    faults::fail(row.call, 1, row.number);
    CHECK_FALSE(world.client.connect(world.name()));
    CHECK(world.client.error() == oklo::system_error(row.number, "cannot connect to " + world.name()).text);
    CHECK_FALSE(world.client.connected());
    CHECK(faults::all_happened());
    CHECK(sys::open_fds().size() == open);
    CHECK(world.client.connect(world.name()));
  }
}

TEST_CASE("fault/net: a name that can't be looked up for lack of a Reactor is told") {
  for (const Row& row : {Row{"epoll_create1", EMFILE}, Row{"mmap", ENOMEM}}) {
    World world;
    size_t open = sys::open_fds().size();
    faults::Scope scope;
    faults::fail(row.call, 1, row.number);
    CHECK_FALSE(world.client.connect(world.by_name()));
    CHECK(world.client.error().starts_with("cannot connect to " + world.by_name() + ": "));
    CHECK(world.client.error().ends_with(oklo::system_error(row.number, "").text));
    CHECK(faults::all_happened());
    CHECK(sys::open_fds().size() == open);
    CHECK(world.client.connect(world.by_name()));
    CHECK(sys::open_fds().size() == open + 1);
  }
}

TEST_CASE("fault/net: a wait that fails is told") {
  World world;
  REQUIRE(world.client.connect(world.name()));
  Peer peer = world.accept();
  faults::Scope scope;
  faults::fail("poll", 1, ENOMEM);
  CHECK_FALSE(world.client.receive());
  CHECK(world.client.error() == oklo::system_error(ENOMEM, "cannot receive from " + world.name()).text);
  CHECK(world.client.connected());
  faults::fail("recv", 1, ECONNRESET);
  CHECK_FALSE(world.client.read_line());
  faults::fail("send", 1, EPIPE);
  CHECK_FALSE(world.client.send("x"));
  CHECK_FALSE(world.client.connected());
  CHECK(faults::all_happened());
}

TEST_CASE("fault/net: signals, and reads and writes that are cut short, change nothing") {
  for (uint64_t seed = 0; seed < 16; seed++) {
    CAPTURE(seed);
    World world;
    faults::Scope scope;
    faults::fail("connect", 1, EINTR);
    faults::shorten(seed);
    REQUIRE(world.client.connect(seed % 2 ? world.name() : world.by_name()));
    Peer peer = world.accept();
    std::string text;
    for (int i = 0; i < 100; i++) text += std::to_string(i) + "\r\n";
    CHECK(world.client.send(text));
    CHECK(peer.read() == text);
    peer.write(text + "tail");
    for (int i = 0; i < 100; i++) CHECK(world.client.read_line() == std::to_string(i));
    CHECK(world.client.read_exactly(4) == "tail");
    peer.close();
    CHECK_FALSE(world.client.receive());
    CHECK(world.client.ended());
  }
}
