#include <doctest/doctest.h>

#include <errno.h>

#include <string>

#include "faulty_kernel.h"
#include "net/connector.h"
#include "net/listening.h"
#include "net/net_fixture.h"

namespace faults = oklo::faults;
using oklo::ConnectionId;
using oklo::Connector;

namespace {

struct Connecting : Net {
  Listening listening{"127.0.0.1:0"};
  Connector connector{pool};
  std::string outcome;

  std::string connect() {
    outcome.clear();
    connector.connect(listening.address.to_string(), 60'000, {},
                      [this](ConnectionId id, oklo::Result<Connector::Connected> result) {
                        outcome = result ? "up" : result.error().text;
                        if (!result) return;
                        pool.open_client(id, endpoint, std::move(result->socket), result->peer);
                      });
    wait_until([this] { return !outcome.empty(); });
    turn();
    return outcome;
  }
};

}  // namespace

TEST_CASE("fault/net: each call of a connect may fail, and nothing is left behind") {
  struct Row {
    const char* call;
    int number;
  };
  for (const Row& row : {Row{"socket", EMFILE}, Row{"socket", ENFILE}, Row{"setsockopt", ENOMEM},
                         Row{"connect", ENETUNREACH}, Row{"epoll_ctl", ENOSPC}, Row{"epoll_ctl", ENOMEM},
                         Row{"getsockopt", ENOBUFS}}) {
    CAPTURE(row.call);
    Connecting net;
    net.endpoint.kind = oklo::ConnectionKind::stream_client;
    faults::Scope scope;
    faults::fail(row.call, 1, row.number);
    std::string expected = oklo::system_error(row.number, "").text;
    CHECK(net.connect() == "cannot connect to " + net.listening.address.to_string() + expected);
    CHECK(faults::all_happened());
    CHECK(net.pool.empty());
    CHECK(net.connector.size() == 0);
    CHECK(net.connect() == "up");
    CHECK(net.pool.size() == 1);
  }
}

TEST_CASE("fault/net: a signal does not keep a connect from going on") {
  Connecting net;
  net.endpoint.kind = oklo::ConnectionKind::stream_client;
  faults::Scope scope;
  faults::fail("connect", 1, EINTR);
  CHECK(net.connect() == "up");
  CHECK(faults::all_happened());
}

TEST_CASE("fault/net: a connection that nobody can watch is closed") {
  Connecting net;
  net.endpoint.kind = oklo::ConnectionKind::stream_client;
  faults::Scope scope;
  faults::fail("epoll_ctl", 3, ENOSPC);  // behind adding and removing it as one that is being made
  CHECK(net.connect() == "up");
  net.turn();
  CHECK(faults::all_happened());
  CHECK(net.pool.empty());
  CHECK(net.closed(oklo::CloseReason::no_memory) == 1);
}
