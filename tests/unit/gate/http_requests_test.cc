#include "gate/http_requests.h"

#include <string>
#include <utility>
#include <vector>

#include "http_gate_world.h"

using namespace gate_test;

namespace {

std::vector<RequestId> ids;  // of answers that come later

void fill(Router& site) {
  ids.clear();
  site.get("/", [](const Request& request, Response& response) {
    response.text(request.query_param("q").value_or(""));
  });
  site.post("/size", [](const Request& request, Response& response) {
    response.text(std::to_string(request.body().size()));
  });
  site.post("/events", [](const Request&, Response& response) { ids.push_back(response.events()); });
  site.get("/second", [times = 0](const Request&, Response& response) mutable {
    ids.push_back(times++ ? response.events() : response.later());
  });
  site.get("/late", [](const Request&, Response& response) { ids.push_back(response.later()); });
  site.get("/events", [](const Request&, Response& response) { ids.push_back(response.events()); });
}

}  // namespace

TEST_CASE("gate/http_requests: who has left its wires hears what becomes of its answers") {
  SiteWorld world(fill, {}, {.queue_bytes = 100'000});
  Peer listener = world.open(), waiter = world.open(), leaver = world.open(), reset = world.open();
  CHECK(world.ask(listener, get("/events")).find("200 OK") != std::string::npos);
  RequestId events = ids.back();
  for (Peer* peer : {&waiter, &leaver, &reset}) CHECK(world.ask(*peer, get("/late")).empty());
  world.worker().context.row->reads_wires = true;
  Worker& old = world.leave();
  world.gate->rung.clear();
  auto old_has = [&](size_t requests) {
    if (!std::exchange(world.gate->rung, {}).empty()) old.requests.look();
    return old.requests.pool().size() == requests;
  };
  std::string data(50'000, 'x');
  for (int i = 0; i < 20; i++) {  // Ten times what may wait.
    bool sent = false;
    oklo::answer(events, [&](Response& response) { sent = response.event({.data = data}); });
    CHECK(sent);
    CHECK(world.ask(listener, "").size() > data.size());
    REQUIRE_FALSE(world.gate->rung.empty());
    CHECK(world.gate->rung.front() == old.context.life);
    CHECK(old_has(4));
  }
  leaver.close();
  world.turn_until([&] { return old_has(3); });
  listener.finish();
  world.turn_until([&] { return old_has(2); });
  CHECK(world.read_all(listener).empty());
  reset.close();
  world.turn_until([&] { return old_has(1); });
  RequestId waiting = ids[1];
  CHECK(oklo::answer(waiting, [](Response& response) { response.text("late"); }));
  CHECK(world.answer(waiter, "").body == "late");
  CHECK(world.answer(waiter, get("/?q=next")).body == "next");
  CHECK(old.requests.pool().empty());
  CHECK(world.worker().requests.pool().empty());
}

TEST_CASE("gate/http_requests: news that its worker could not hear is told when it is known that it left") {
  SiteWorld world(fill);
  Peer peer = world.open();
  peer.write(get("/late"));
  while (world.gate->deliveries.empty()) world.turn(*world.reactor);
  peer.close();
  while (world.worker().requests.pool().empty()) world.turn(*world.worker().reactor);
  Worker& old = world.leave();
  world.turn_until([&] { return !world.gate->rung.empty(); });
  CHECK(world.gate->rung.front() == old.context.life);
  old.requests.look();
  world.turn_until([&] { return world.gate->deliveries.empty(); });
  CHECK(old.requests.pool().empty());
}

TEST_CASE("gate/http_requests: what a service that stops tells comes to who has left its wires, too") {
  SiteWorld world(fill);
  Peer peer = world.open();
  world.ask(peer, get("/events"));
  Worker& old = world.leave();
  world.gate->pool.drain(DrainMode::stop);
  world.turn_until([&] { return !world.gate->rung.empty(); });
  old.requests.look();
  CHECK(world.read_all(peer).ends_with("0\r\n\r\n"));
}

TEST_CASE("gate/http_requests: a client's end is told with a request that is told again") {
  SiteWorld world(fill, {.on_death = OnWorkerDeath::redeliver});
  Peer peer = world.open();
  CHECK(world.ask(peer, get("/second")).empty());
  peer.finish();
  world.turns(3);
  world.kill(0);
  world.start(0);
  CHECK(world.read_all(peer).find("text/event-stream") != std::string::npos);
}

TEST_CASE("gate/http_requests: who ends behind several requests gets all answers") {
  SiteWorld world(fill);
  std::string late = get("/late"), other = get("/?q=x");
  for (const std::string& requests : {other + other + other, late + other + late + other}) {
    Peer peer = world.open();
    peer.write(requests);
    peer.finish();
    std::string text;
    world.turn_until([&] {
      if (!ids.empty()) oklo::answer(ids.back(), [](Response& response) { response.text("late"); });
      text += peer.read();
      return peer.over();
    });
    AnswerReader reader(text);
    std::string bodies;
    while (!reader.at_end()) bodies += reader.next().body;
    CHECK(bodies == (requests.starts_with(late) ? "latexlatex" : "xxx"));
  }
}

TEST_CASE("gate/http_requests: a client's end behind a large body is told behind it") {
  SiteWorld world(fill);
  for (bool events : {false, true}) {
    CAPTURE(events);
    Peer peer = world.open();
    peer.write(post(events ? "/events" : "/size", 100'000) + std::string(30'000, 'b'));
    world.turns(10);
    // All of it, and the end, comes before the worker looks again.
    for (int i = 0; i < 20; i++) {
      if (i == 0) peer.write(std::string(70'000, 'b'));
      if (i == 1) peer.finish();
      world.turn(*world.reactor);
    }
    std::string text = world.read_all(peer);
    CHECK(text.find("200 OK") != std::string::npos);
    if (!events) CHECK(text.ends_with("100000"));
    world.turn_until([&] { return world.worker().requests.pool().empty(); });
  }
}

TEST_CASE("gate/http_requests: a client's end behind a chunked body that waited is told behind it") {
  SiteWorld world(fill);
  Peer peer = world.open();
  CHECK(world.ask(peer, get("/late")).empty());
  peer.write("POST /events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n");
  peer.finish();
  world.turns(5);
  CHECK(oklo::answer(ids.back(), [](Response& response) { response.text("late"); }));
  CHECK(world.read_all(peer).find("text/event-stream") != std::string::npos);
}
