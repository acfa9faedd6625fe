#include "gate/http_requests.h"

#include <errno.h>

#include <string>

#include "faulty_kernel.h"
#include "gate/http_gate_world.h"

using namespace gate_test;
namespace faults = oklo::faults;

namespace {

void fill(Router& site) {
  site.post("/echo", [](const Request& request, Response& response) { response.text(request.body()); });
}

}  // namespace

TEST_CASE("fault/gate: a body without a way to its worker ends its connection, and nothing else") {
  for (const char* call : {"socketpair", "epoll_ctl"}) {
    SiteWorld world(fill);
    Peer other = world.open(), peer = world.open();
    CHECK(world.answer(other, post("/echo", 4) + "body").body == "body");
    world.turns(4);
    peer.write(post("/echo", 100'000) + std::string(1000, 'x'));
    {
      faults::Scope scope;
      while (world.gate->deliveries.empty()) World::turn(*world.reactor);
      faults::fail_always(call, call[0] == 's' ? EMFILE : ENOSPC);
      Reactor& worker = *world.worker().reactor;
      for (int i = 0; i < 5; i++) World::turn(worker);
      CHECK(faults::count(call) > 0);
    }
    world.turns(4);
    CHECK(peer.read().empty());
    CHECK(peer.over());
    CHECK(world.worker().requests.pool().empty());
    CHECK(world.answer(other, post("/echo", 4) + "next").body == "next");
    Peer again = world.open();
    CHECK(world.answer(again, post("/echo", 20'000) + std::string(20'000, 'y')).body.size() == 20'000);
  }
}
