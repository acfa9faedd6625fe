#include "net/posted_pool.h"

#include <doctest/doctest.h>

#include <set>

#include "net/posted_fixture.h"
#include "net/recording_protocol.h"

using oklo::CloseReason;
using oklo::ConnectionId;
using oklo::net::PostedConnection;

namespace {

struct Pool : PostedNet {
  RecordingProtocol protocol;
  oklo::Endpoint endpoint = pool.make_endpoint(protocol);

  ~Pool() {
    pool.abort_all();
    turn();
  }
};

}  // namespace

TEST_CASE("net/posted_pool: each is found by its name as long as it is there") {
  Pool here;
  PostedConnection& a = here.open(here.endpoint);
  PostedConnection& b = here.open(here.endpoint);
  CHECK(here.pool.find(a.id()) == &a);
  CHECK(here.pool.find(b.id()) == &b);
  CHECK(here.pool.size() == 2);
  std::set<oklo::net::Connection*> seen;
  here.pool.for_each([&](oklo::net::Connection& each) { seen.insert(&each); });
  CHECK(seen == std::set<oklo::net::Connection*>{&a, &b});
  ConnectionId id = a.id();
  CHECK(here.pool.find({id.row, id.generation + 2}) == nullptr);
  int erased = 0;
  here.pool.on_erase([&] { erased++; });
  a.let_go(CloseReason::finished);
  here.turn();
  CHECK(erased == 1);
  CHECK(here.pool.find(id) == nullptr);
  CHECK(here.pool.size() == 1);
  CHECK(here.life.closed[static_cast<size_t>(CloseReason::finished)].value() == 0);
}

TEST_CASE("net/posted_pool: a connection has one part here, and none when it is gone") {
  Pool here;
  ConnectionId id = here.accept();
  PostedConnection* first = here.pool.open(here.endpoint, id);
  REQUIRE(first);
  CHECK(here.pool.open(here.endpoint, id) == nullptr);
  first->let_go(CloseReason::finished);
  PostedConnection* second = here.pool.open(here.endpoint, id);
  REQUIRE(second);
  CHECK(second != first);
  CHECK(here.pool.find(id) == second);
  here.turn();
  CHECK(here.pool.find(id) == second);
  second->let_go(CloseReason::finished);
  REQUIRE(here.pool.open(here.endpoint, id));
  here.pool.find(id)->abort(CloseReason::finished);  // Both end in the same turn.
  here.turn();
  CHECK(here.pool.empty());
  here.rows.close(id);
  CHECK(here.pool.open(here.endpoint, id) == nullptr);
  ConnectionId next = here.accept();
  CHECK(next.row == id.row);
  CHECK(here.pool.open(here.endpoint, id) == nullptr);
  for (ConnectionId wrong : {ConnectionId{}, ConnectionId{next.row, 0}, ConnectionId{1 << 20, 1},
                             ConnectionId{UINT32_MAX, UINT32_MAX}})
    CHECK(here.pool.open(here.endpoint, wrong) == nullptr);
  CHECK(here.pool.open(here.endpoint, next));
}

TEST_CASE("net/posted_pool: the request that it is opened for is counted already") {
  Pool here;
  CHECK(here.pool.open(here.endpoint, here.accept(5))->row().requests == 4);
  CHECK(here.pool.open(here.endpoint, here.accept(0))->row().requests == 0);
}

TEST_CASE("net/posted_pool: all hear that the worker leaves, and can be ended") {
  Pool here;
  here.open(here.endpoint);
  here.pool.drain(oklo::DrainMode::reload);
  here.pool.drain(oklo::DrainMode::stop);
  here.pool.abort_all();
  here.turn();
  CHECK(here.protocol.calls == "open drain(reload) drain(stop) close(aborted) ");
  CHECK(here.carrier.calls == "closed ");
}
