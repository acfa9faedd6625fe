#include <oklo/co_stream.h>

#include "co_stream_world.h"
#include "process/task_asker.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

using oklo::Co;
using oklo::Stream;

namespace {

// What a coroutine may wait for, besides its own connection.
enum class What { time, task, tasks, connect, reading, writing, coroutine, all, first_of_many };
constexpr What kAll[] = {What::time,    What::task,      What::tasks, What::connect,      What::reading,
                         What::writing, What::coroutine, What::all,   What::first_of_many};

struct CancelWorld : CoStreamWorld {
  Listening listening;  // Nobody accepts there.
  oklo::TaskTable table = oklo::TaskTable::create({8, 100, 3, {{"one", false, 1}}}).value();
  std::unique_ptr<oklo::TaskAsker> asker = oklo::TaskAsker::create(*reactor, table, 0).value();

  explicit CancelWorld(What what)
      : CoStreamWorld([this, what](Stream peer) { return serve(what, std::move(peer)); }) {
    here.tasks = asker.get();
  }

  Co<> serve(What what, Stream peer) {
    Witness witness(order, "serve");
    co_await peer.write("hello");
    co_await wait_for(what);
    order += "never ";
  }
  Co<> wait_for(What what) {
    Witness witness(order, "wait");
    std::string address = listening.address.to_string();
    switch (what) {
      case What::time: co_await oklo::sleep_ms(60'000); break;
      case What::task: co_await oklo::taskwait("one", "bytes", 60'000); break;
      case What::tasks: {
        auto first = oklo::taskwait("one", "a", 60'000);
        auto second = oklo::taskwait("one", "b");
        co_await first;
        co_await second;
        break;
      }
      case What::connect: {
        auto stuck = oklo::connect("unix:" + (listening.temp / "socket"), 0);
        co_await oklo::sleep_ms(60'000);
        co_await stuck;
        break;
      }
      case What::reading: {
        Stream other = co_await oklo::connect(address);
        other.set_read_time(60'000);
        co_await other.read();
        break;
      }
      case What::writing: {
        Stream other = co_await oklo::connect(address);
        std::string much(3 << 20, 'x');
        co_await other.write(much);
        break;
      }
      case What::coroutine: co_await wait_for(What::time); break;
      case What::all:
        co_await oklo::all(wait_for(What::time), wait_for(What::task), wait_for(What::reading));
        break;
      case What::first_of_many: {
        Co<> unused = wait_for(What::time);
        co_await wait_for(What::reading);
        break;
      }
    }
    order += "never ";
  }
};

}  // namespace

TEST_CASE("server/co: whatever a coroutine waits for is given up when its connection ends, after any turn") {
  for (What what : kAll) {
    for (int turns : {0, 1, 2, 5}) {
      CancelWorld world(what);
      Peer peer = world.connect();
      world.turn();
      for (int i = 0; i < turns; i++) world.turn();
      CHECK(world.order.empty());
      world.pool.for_each([](oklo::net::Connection& c) {
        if (c.endpoint().kind == oklo::ConnectionKind::stream) c.abort(oklo::CloseReason::peer_reset);
      });
      world.settle();
      CHECK(world.order.find("never") == std::string::npos);
      CHECK(world.order.ends_with("~wait ~serve "));
      CHECK(world.here.timers.size() == 0);
      CHECK(world.connector.size() == 0);
      while (std::optional<oklo::TaskRef> task = world.table.take(1))
        CHECK(world.table.decide(*task, 1, oklo::TaskEnd::done, "too late"));
      world.settle();
      CHECK(world.order.ends_with("~wait ~serve "));
    }
  }
}
