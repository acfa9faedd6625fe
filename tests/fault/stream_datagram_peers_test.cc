#include <doctest/doctest.h>

#include <errno.h>

#include <string>

#include "faulty_kernel.h"
#include "net/fake_names.h"
#include "net/turns.h"
#include "stream/datagram_peers.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "temp_dir.h"

namespace faults = oklo::faults;
namespace sys = oklo::sys;

namespace {

struct World : Turns {
  TempDir temp;
  sys::Address address;
  sys::Fd listener;
  oklo::LifeRow life = {};
  oklo::ConnectionTable table = oklo::ConnectionTable::create(64).value();
  oklo::ConnectionPool pool{*reactor, table, life, 0, 64};
  oklo::Connector connector{pool};
  FakeNames names;
  std::string why;
  oklo::DatagramClientHandlers handlers;
  oklo::DatagramClientOptions options;
  oklo::stream::DatagramPeers peers{handlers, options, connector, names};

  World() : address(*sys::Address::parse("unix:" + (temp / "s"))) {
    sys::ListenOptions datagram;
    datagram.datagram = true;
    listener = sys::listen_on(address, datagram).value();
    handlers.on_failed = [this](std::string_view, std::string_view text) { why = text; };
  }
  bool send() { return peers.send(address.to_string(), "x"); }
};

}  // namespace

TEST_CASE("fault/stream: what the kernel refuses a sender of datagrams is told, and the next one goes") {
  struct Row {
    const char* call;
    int number;
  };
  for (const Row& row : {Row{"socket", EMFILE}, Row{"connect", ENETUNREACH}, Row{"bind", EACCES},
                         Row{"epoll_ctl", ENOSPC}, Row{"send", EPERM}}) {
    CAPTURE(row.call);
    World world;
    faults::Scope scope;
    // Of one failure the datagram gets over by another socket.
    faults::fail(row.call, 1, row.number);
    faults::fail(row.call, 2, row.number);
    size_t open = sys::open_fds().size();
    CHECK_FALSE(world.send());
    CHECK(sys::open_fds().size() == open);
    world.wait_until([&] { return !world.why.empty(); });
    CHECK(world.why == oklo::system_error(row.number, "cannot send to " + world.address.to_string()).text);
    CHECK(faults::all_happened());
    CHECK(world.send());
  }
}

TEST_CASE("fault/stream: a datagram for which there is no room is lost, and no more") {
  for (int number : {EAGAIN, ENOBUFS, EINTR, EMSGSIZE}) {
    World world;
    CHECK(world.send());
    faults::Scope scope;
    faults::fail("send", 1, number);
    CHECK_FALSE(world.send());
    CHECK(faults::all_happened());
    CHECK(world.send());
    world.turn();
    CHECK(world.why.empty());
    CHECK(faults::count("socket") == 0);
  }
}
