#include "gate/dispatcher.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "stream_gate_world.h"

using namespace gate_test;

namespace {

// Where messages go.
struct Where : StreamWorld {
  explicit Where(Dispatch mode, DispatchFunction function = {}, uint32_t count = 3)
      : StreamWorld({.dispatch = mode, .workers = count, .function = std::move(function)}) {}

  // The worker that gets one; it is done with it when `done`.
  uint32_t of(Peer& peer, bool done = true) {
    peer.write("x");
    std::vector<size_t> before;
    for (auto& each : workers) before.push_back(each ? each->manual.heard.size() : 0);
    uint32_t found = 9;
    turn_until([&] {
      for (uint32_t i = 0; i < workers.size(); i++)
        if (workers[i] && workers[i]->manual.heard.size() > before[i]) found = i;
      return found != 9;
    });
    ManualPort::Heard& heard = workers[found]->manual.heard.back();
    if (done) workers[found]->end.say_done(0, heard.id, heard.number);
    turns(3);
    return found;
  }
  uint32_t wrong() const { return static_cast<uint32_t>(scoreboard.life(0).dispatched_wrong.value()); }
};

sys::Address address(const std::string& text) { return *sys::Address::parse(text); }

}  // namespace

TEST_CASE("gate/dispatcher: by the connection, one worker for all its messages") {
  Where world(Dispatch::connection);
  Peer first = world.open(), second = world.open();
  uint32_t one = world.of(first), two = world.of(second);
  CHECK(one != two);
  for (int i = 0; i < 3; i++) CHECK(world.of(first) == one);
  CHECK(world.of(second) == two);
  world.kill(one);
  CHECK(world.of(first) == (one + 1) % 3);
  world.start(one);
  world.turns(5);
  CHECK(world.of(first) == one);
  world.worker(one).context.row->late = true;
  CHECK(world.of(first) == (one + 1) % 3);
}

TEST_CASE("gate/dispatcher: one after another") {
  Where world(Dispatch::round_robin);
  Peer peer = world.open();
  uint32_t first = world.of(peer);
  for (uint32_t i = 1; i < 7; i++) CHECK(world.of(peer) == (first + i) % 3);
}

TEST_CASE("gate/dispatcher: datagrams go one after another, too, whoever sends them") {
  Where world(Dispatch::round_robin);
  const uint8_t some[16] = {1, 2, 3};
  const uint8_t* peers[] = {nullptr, some};
  for (const uint8_t* ip : peers) {
    uint32_t first = world.gate->dispatcher.choose(0, ip, "x");
    for (uint32_t i = 1; i < 7; i++) CHECK(world.gate->dispatcher.choose(0, ip, "x") == (first + i) % 3);
  }
}

TEST_CASE("gate/dispatcher: the one with the fewest messages, and none that is stopped") {
  Where world(Dispatch::idle);
  std::vector<Peer> peers;
  for (int i = 0; i < 4; i++) peers.push_back(world.open());
  std::set<uint32_t> used;
  for (int i = 0; i < 3; i++) used.insert(world.of(peers[static_cast<size_t>(i)], false));
  CHECK(used.size() == 3);
  Worker& second = world.worker(1);
  second.end.say_done(0, second.manual.heard[0].id, second.manual.heard[0].number);
  world.turns(3);
  CHECK(world.of(peers[3]) == 1);
  second.context.row->stopped = true;
  CHECK(world.of(peers[3], true) != 1);
}

TEST_CASE("gate/dispatcher: one that is late is passed over where any other will do") {
  for (Dispatch mode : {Dispatch::round_robin, Dispatch::idle}) {
    Where world(mode);
    Peer peer = world.open();
    Counter& busy_since_ms = world.worker(1).context.row->busy_since_ms;
    busy_since_ms.set(world.reactor->clock().now_ms - Crew::kTurnMs);
    std::map<uint32_t, int> used;
    for (int i = 0; i < 8; i++) used[world.of(peer)]++;
    CHECK(used == std::map<uint32_t, int>{{0, 4}, {2, 4}});
    busy_since_ms.set(0);
    for (int i = 0; i < 3; i++) used[world.of(peer)]++;
    CHECK(used[1] == 1);
    for (auto& worker : world.workers) worker->context.row->busy_since_ms.set(1);
    world.worker(0).context.row->stopped = true;
    CHECK(world.of(peer) != 0);
  }
}

TEST_CASE("gate/dispatcher: who is to be served by one worker waits for it when it is late") {
  Where world(Dispatch::connection);
  Peer peer = world.open();
  uint32_t own = world.of(peer);
  world.worker(own).context.row->busy_since_ms.set(1);
  CHECK(world.of(peer) == own);
  world.kill(own);
  world.worker((own + 1) % 3).context.row->busy_since_ms.set(1);
  CHECK(world.of(peer) == (own + 2) % 3);
}

TEST_CASE("gate/dispatcher: by the peer's address, whatever the port") {
  for (uint32_t count : {2u, 3u, 4u}) {
    Where world(Dispatch::peer, {}, count);
    std::set<uint32_t> used;
    for (int i = 1; i < 30; i++) {
      std::string host = "10.0.0." + std::to_string(i);
      Peer one = world.open(address(host + ":1000")), two = world.open(address(host + ":2000"));
      uint32_t found = world.of(one);
      CHECK(world.of(two) == found);
      used.insert(found);
    }
    CHECK(used.size() == count);
  }
}

TEST_CASE("gate/dispatcher: by the user that was bound") {
  Where world(Dispatch::user);
  Peer peer = world.open();
  uint32_t before = world.of(peer);
  ConnectionId id = world.worker(before).manual.heard[0].id;
  for (uint64_t user : {1, 2, 3, 300}) {
    world.states.bind(id, user);
    CHECK(world.of(peer) == user % 3);
  }
}

TEST_CASE("gate/dispatcher: by a function, and by the connection where it names nobody") {
  unsigned answer = 2;
  DispatchMessage seen;
  std::string bytes;
  Where world(Dispatch::function, [&](const DispatchMessage& message) {
    seen = message;
    bytes = message.bytes;
    return answer;
  });
  Peer peer = world.open(address("192.0.2.1:77"));
  CHECK(world.of(peer) == 2);
  CHECK(seen.peer == "192.0.2.1");
  CHECK(seen.workers == 3);
  CHECK(bytes == "x");
  CHECK(world.wrong() == 0);
  for (unsigned wrong : {3u, 1000u, ~0u}) {
    answer = wrong;
    CHECK(world.of(peer) == oklo::gate::worker_of(seen.connection, 3));
  }
  CHECK(world.wrong() == 3);
}
