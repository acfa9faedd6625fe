#include <oklo/http_call.h>

#include "co_world.h"
#include "http/late_world.h"

#include <string>
#include <vector>

#include "child.h"

using oklo::Co;
using oklo::HttpCall;
using oklo::Response;

namespace {

struct CallWorld {
  explicit CallWorld(oklo::Router& routes, const oklo::HttpLimits& limits = {})
      : world(routes_of(routes), {.limits = limits}), here(world.reactor(), log, 1, 1, 1) {}

  Client& get(const std::string& target, const std::string& fields = "") {
    Client& client = world.open("GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
    world.settle();
    return client;
  }

  HttpWorld world;
  oklo::Log log{2, "test"};
  oklo::Here here;
};

}  // namespace

TEST_CASE("server/http_call: a coroutine answers at once, or when it has waited") {
  Gate gate;
  oklo::Router site;
  site.get("/now", [](HttpCall call) -> Co<> {
    call.answer([](Response& response) { response.text("now\n"); });
    co_return;
  });
  site.get("/later", [&gate](HttpCall call) -> Co<> {
    co_await gate.wait();
    bool answered = call.answer([](Response& response) { response.status(201).text("later\n"); });
    bool again = call.answer([](Response&) {});
    CHECK(answered);
    CHECK_FALSE(again);
  });
  CallWorld world(site);
  CHECK(world.get("/now").answer().body == "now\n");
  Client& client = world.get("/later");
  CHECK(client.received.empty());
  client.send("GET /now HTTP/1.1\r\nHost: a\r\n\r\n");
  world.world.settle();
  CHECK(client.received.empty());
  gate.open();
  world.world.settle();
  std::vector<Answer> answers = client.answers();
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].status == 201);
  CHECK(answers[1].body == "now\n");
}

TEST_CASE("server/http_call: its request is a copy of all, and stays") {
  Gate gate;
  std::string seen;
  oklo::Router site;
  site.post("/a/:plain/:escaped/*rest", [&](HttpCall call) -> Co<> {
    co_await gate.wait();
    const oklo::Request& request = call.request();
    for (std::string_view part : {request.method(), request.path(), request.query(), request.host(),
                                  request.param("plain"), request.param("escaped"), request.param("rest"),
                                  request.header("X-One"), request.body()})
      seen.append(part).append("|");
    seen.append(request.query_param("q").value_or("")).append("|").append(request.peer());
    request.headers([&seen](std::string_view name, std::string_view) { seen.append("|").append(name); });
    CHECK_FALSE(request.has_header("X-Two"));
    call.answer([](Response& response) { response.send("ok"); });
  });
  CallWorld world(site);
  const std::string head =
      "POST /a/b/%63%20d/e/f?q=1+2 HTTP/1.1\r\nHost: example\r\nX-One: 1\r\nContent-Length: 9\r\n\r\n";
  for (bool whole : {true, false}) {
    seen.clear();
    Client& client = world.world.open(whole ? head + "some body" : head);
    world.world.settle();
    if (!whole) client.send("some body");
    world.world.settle();
    CHECK(gate.waits());
    world.get("/x");  // What the first stood in is used again.
    gate.open();
    world.world.settle();
    CHECK(client.answer().body == "ok");
    CHECK(seen ==
          "POST|/a/b/%63%20d/e/f|q=1+2|example|b|c d|e/f|1|some body|1 2|unix|Host|X-One|Content-Length");
    gate.close();
  }
}

TEST_CASE("server/http_call: one that dies without an answer is 500, one that was begun is cut off") {
  oklo::Router site;
  site.get("/none", [](HttpCall) -> Co<> { co_return; });
  site.get("/late", [](HttpCall) -> Co<> { co_await oklo::sleep_ms(0); });
  site.get("/begun", [](HttpCall call) -> Co<> {
    co_await oklo::sleep_ms(0);
    call.answer([](Response& response) { response.write("begun"); });
  });
  CallWorld world(site);
  CHECK(world.get("/none").answer().status == 500);
  Client& late = world.get("/late");
  world.world.until([&late] { return !late.received.empty(); });
  CHECK(late.answer().status == 500);
  Client& client = world.get("/begun");
  world.world.until_ended(client);
  CHECK(client.received.find("begun") != std::string::npos);
  CHECK(client.received.find("\r\n0\r\n") == std::string::npos);
}

TEST_CASE("server/http_call: a client that goes away ends the coroutine where it waits") {
  std::string order;
  Gate gate;
  oklo::Router site;
  site.get("/wait", [&](HttpCall call) -> Co<> {
    Witness witness(order, "local");
    co_await gate.wait();
    order += "never";
    call.answer([](Response& response) { response.send("never"); });
  });
  CallWorld world(site);
  Client& client = world.get("/wait");
  CHECK(order.empty());
  client.go_away();
  world.world.settle();
  CHECK(order == "~local ");
}

TEST_CASE("server/http_call: when the time is over the client gets 503 and the coroutine ends") {
  std::string order;
  Gate gate;
  oklo::Router site;
  site.get("/wait", [&](HttpCall call) -> Co<> {
    Witness witness(order, "local");
    call.answer([](Response& response) { response.later(5); });
    co_await gate.wait();
  });
  CallWorld world(site);
  Client& client = world.get("/wait");
  world.world.until_ended(client);
  CHECK(client.answer().status == 503);
  CHECK(order == "~local ");
}

TEST_CASE("server/http_call: a coroutine that has answered goes on, whatever its client does") {
  std::string order;
  for (bool at_once : {true, false}) {
    order.clear();
    Gate first, gate;
    oklo::Router site;
    site.get("/go", [&](HttpCall call) -> Co<> {
      if (!at_once) co_await first.wait();
      call.answer([](Response& response) { response.send("answer"); });
      co_await gate.wait();
      order += "went on";
    });
    CallWorld world(site);
    Client& client = world.get("/go");
    if (!at_once) first.open();
    world.world.settle();
    CHECK(client.answer().body == "answer");
    client.go_away();
    world.world.settle();
    CHECK(gate.waits());
    gate.open();
    world.world.settle();
    CHECK(order == "went on");
  }
}

TEST_CASE("server/http_call: it may be handed on, and streams in pieces") {
  oklo::Router site;
  auto writer = [](HttpCall call) -> Co<> {
    for (int i = 0; i < 3; i++) {
      co_await oklo::sleep_ms(0);
      call.answer([i](Response& response) { response.write(std::to_string(i)); });
    }
    call.answer([](Response& response) { response.end(); });
  };
  site.get("/", [&writer](HttpCall call) -> Co<> {
    oklo::spawn(writer(std::move(call)));
    co_return;
  });
  CallWorld world(site);
  Client& client = world.get("/");
  world.world.until([&client] { return client.received.ends_with("\r\n0\r\n\r\n"); });
  CHECK(client.answer().body == "012");
}

TEST_CASE("server/http_call: where an answer can't come later, a coroutine ends the process") {
  CHECK(aborts([] {
          oklo::Router site;
          site.upload("/", {.on_head = [](HttpCall) -> Co<> { co_return; }});
          CallWorld world(site);
          world.world.open("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
        }) == 1000 + SIGABRT);
}
