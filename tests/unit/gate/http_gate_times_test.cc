#include "gate/http_gate.h"

#include "http_gate_world.h"

using namespace gate_test;

TEST_CASE("gate/http: the thread measures each answer once, when it begins, and the worker none") {
  RequestId late;
  SiteWorld world([&late](Router& site) {
    site.get("/", [](const Request&, Response& response) { response.text("here"); });
    site.get("/large", [](const Request&, Response& response) {
      response.text(std::string(200'000, 'L'));
    });
    site.post("/echo", [](const Request& request, Response& response) { response.text(request.body()); });
    site.get("/late", [&late](const Request&, Response& response) { late = response.later(); });
    site.get("/events", [](const Request&, Response& response) { response.events(); });
  });
  Peer peer = world.open();
  const LatencyHistogram& measured = world.scoreboard.life(0).answer_us;
  for (int i = 0; i < 3; i++) world.answer(peer, get("/"));
  CHECK(measured.count() == 3);
  world.answer(peer, get("/large"));
  CHECK(measured.count() == 4);
  world.ask(peer, post("/echo", 5, "Expect: 100-continue\r\n"));
  CHECK(measured.count() == 4);
  world.answer(peer, "hello");
  CHECK(measured.count() == 5);
  world.ask(peer, get("/late"));
  CHECK(measured.count() == 5);
  CHECK(oklo::answer(late, [](Response& response) { response.text("late"); }));
  world.answer(peer, "");
  CHECK(measured.count() == 6);
  world.ask(peer, get("/events"));
  CHECK(measured.count() == 7);
  CHECK(measured.sum() > 0);
  CHECK(world.worker().context.row->answer_us.count() == 0);
}
