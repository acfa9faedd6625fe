#include "ws/connection_index.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "net/net_fixture.h"

namespace {

std::vector<oklo::net::Connection*> connections_of(Net& net, size_t count) {
  std::vector<oklo::net::Connection*> all;
  std::vector<oklo::sys::Fd> ends;
  for (size_t i = 0; i < count; i++) {
    int pair[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
    ends.emplace_back(pair[1]);
    net.pool.open(net.endpoint, oklo::sys::Fd(pair[0]), {}, false);
    all.push_back(&net.connection());
  }
  return all;
}

}  // namespace

TEST_CASE("ws/connection_index: it holds what went in and did not go out, in any order") {
  Net net(200, 256);
  std::vector<oklo::net::Connection*> all = connections_of(net, 200);
  oklo::ws::ConnectionIndex index;
  std::vector<bool> in(all.size());
  std::mt19937 random(1);
  for (int step = 0; step < 20'000; step++) {
    size_t at = random() % all.size();
    if (in[at]) index.erase(*all[at]);
    else index.insert(*all[at]);
    in[at] = !in[at];
    size_t probe = random() % all.size();
    REQUIRE(index.find(all[probe]->id()) == (in[probe] ? all[probe] : nullptr));
  }
  size_t count = 0;
  index.for_each([&](oklo::net::Connection& connection) {
    count++;
    CHECK(index.find(connection.id()) == &connection);
  });
  CHECK(count == index.size());
  CHECK(count == static_cast<size_t>(std::count(in.begin(), in.end(), true)));
  oklo::ConnectionId other = all[0]->id();
  other.generation += 2;
  CHECK(index.find(other) == nullptr);
}
