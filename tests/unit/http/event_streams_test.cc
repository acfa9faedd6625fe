#include "http/late_answers.h"

#include <doctest/doctest.h>

#include <string>

#include "http_world.h"
#include "routes_of.h"

using namespace oklo;

namespace {

// A site with streams; id is that of the last one.
struct Streams {
  explicit Streams(const HttpLimits& limits = {}) : world(routes_of(make_site()), {.limits = limits}) {}

  Router& make_site() {
    site.get("/events", [this](const Request&, Response& response) {
      id = response.events();
      CHECK(!response.events());
      CHECK(response.later(1) == id);
    });
    site.get("/first", [this](const Request&, Response& response) {
      id = response.events();
      CHECK(response.event({.data = "first"}) == bool(id));
    });
    site.get("/lively", [this](const Request&, Response& response) { id = response.events(20); });
    site.get("/quiet", [this](const Request&, Response& response) { id = response.events(0); });
    site.get("/later", [this](const Request&, Response& response) { id = response.later(20); });
    site.get("/text", [](const Request&, Response& response) {
      response.write("text");
      CHECK(!response.events());
      CHECK(!response.event({.data = "x"}));
      response.end();
    });
    return site;
  }

  Client& get(const std::string& target) {
    return world.open("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  bool event(const Event& event) {
    bool sent = false;
    answer(id, [&](Response& response) { sent = response.event(event); });
    world.settle();
    return sent;
  }
  void pass(uint64_t ms) {
    uint64_t end_ms = world.reactor().clock().now_ms + ms;
    world.until([&] { return world.reactor().clock().now_ms >= end_ms; });
  }

  Router site;
  RequestId id;
  HttpWorld world;
};

constexpr DrainMode kBoth[] = {DrainMode::reload, DrainMode::stop};

}  // namespace

TEST_CASE("http/events: a stream has its fields at once, and each event when it comes") {
  Streams streams;
  Client& client = streams.get("/events");
  CHECK(streams.id);
  CHECK(client.text() ==
        "HTTP/1.1 200 OK\r\nServer: oklo\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
        "X-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
  CHECK(streams.event({.data = "a\nb", .name = "n", .id = "1"}));
  CHECK(client.received.ends_with("\r\n\r\n20\r\nevent: n\nid: 1\ndata: a\ndata: b\n\n\r\n"));
  CHECK(!streams.event({.data = "x", .name = "a\nb"}));
  CHECK(!streams.event({.data = "x", .id = "a\rb"}));
  CHECK(streams.event({.data = "last"}));
  CHECK(answer(streams.id, [](Response& response) { response.end(); }));
  streams.world.settle();
  CHECK(client.answer().body == "event: n\nid: 1\ndata: a\ndata: b\n\ndata: last\n\n");
  CHECK(client.ended);
  CHECK(!streams.event({.data = "behind"}));
  CHECK(streams.world.ended_with(CloseReason::finished));
}

TEST_CASE("http/events: the handler may send the first event, and one that has begun can't be a stream") {
  Streams streams;
  CHECK(streams.get("/first").received.ends_with("data: first\n\n\r\n"));
  CHECK(streams.get("/text").answer().body == "text");
}

TEST_CASE("http/events: a late answer may become a stream") {
  Streams streams;
  Client* client = nullptr;
  do client = &streams.get("/later");  // Again if the time was over before it got a processor.
  while (!answer(streams.id, [&](Response& response) {
    CHECK(response.events() == streams.id);
    CHECK(response.event({.data = "x"}));
  }));
  streams.pass(50);
  CHECK(!client->ended);
  CHECK(client->received.ends_with("data: x\n\n\r\n"));
}

TEST_CASE("http/events: to HTTP/1.0 the end of the connection ends the stream") {
  Streams streams;
  Client& client = streams.world.open("GET /events HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(streams.event({.data = "x"}));
  CHECK(client.received.ends_with("Connection: close\r\n\r\ndata: x\n\n"));
  CHECK(answer(streams.id, [](Response& response) { response.end(); }));
  streams.world.settle();
  CHECK(client.ended);
}

TEST_CASE("http/events: HEAD gets the head alone") {
  Streams streams;
  Client& client = streams.world.open("HEAD /first HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(!streams.id);
  CHECK(client.received.find("text/event-stream") != std::string::npos);
  CHECK(client.received.ends_with("\r\n\r\n"));
  CHECK(client.ended);
}

TEST_CASE("http/events: a comment goes out when nothing else has") {
  Streams streams;
  Client& client = streams.get("/lively");
  streams.world.until([&] { return client.received.ends_with("3\r\n:\n\n\r\n3\r\n:\n\n\r\n"); });
  CHECK(streams.event({.data = "x"}));
  Client& quiet = streams.get("/quiet");
  size_t before = quiet.received.size();
  streams.pass(50);
  CHECK(quiet.received.size() == before);
}

TEST_CASE("http/events: to look at a stream does not keep it from its comments") {
  Streams streams;
  Client& client = streams.get("/lively");
  streams.world.until([&] { return client.received.ends_with(":\n\n\r\n"); },
                      [&] { answer(streams.id, [](Response& response) { response.queued(); }); });
}

TEST_CASE("http/events: a stream needs no time limit of its connection") {
  Streams streams({.header_time_ms = 100, .body_window_ms = 100, .idle_time_ms = 100});
  Client& client = streams.get("/events");
  streams.pass(250);
  CHECK(!client.ended);
  CHECK(streams.event({.data = "x"}));
}

TEST_CASE("http/events: a client that leaves ends its stream") {
  Streams streams;
  for (bool whole : {false, true}) {
    Client& client = streams.get("/events");
    if (whole) client.go_away();
    else client.finish();
    streams.world.settle();
    CHECK(streams.world.connections() == 0);
    CHECK(!streams.event({.data = "x"}));
  }
  CHECK(streams.world.closed(CloseReason::peer_closed) >= 1);
  CHECK(streams.world.life.requests.value() == 2);
}

TEST_CASE("http/events: what a client sends behind its request is thrown away, and its end still seen") {
  Streams streams;
  std::string many(100'000, 'x');
  Client& client = streams.world.open("GET /events HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n" + many);
  CHECK(streams.world.life.bytes_in.value() > 100'000);
  client.finish();
  streams.world.settle();
  CHECK(client.ended);
  CHECK(!streams.event({.data = "x"}));
}

TEST_CASE("http/events: a reload leaves a stream, a stop ends it") {
  for (DrainMode mode : kBoth) {
    Streams streams;
    Client& client = streams.get("/first");
    streams.world.drain(mode);
    streams.world.settle();
    CHECK(client.ended == (mode == DrainMode::stop));
    CHECK(streams.event({.data = "x"}) == (mode == DrainMode::reload));
    if (mode == DrainMode::stop) CHECK(client.answer().body == "data: first\n\n");
    else CHECK(client.received.ends_with("data: x\n\n\r\n"));
    if (mode == DrainMode::stop) CHECK(streams.world.ended_with(CloseReason::drained));
  }
}

TEST_CASE("http/events: a stream that begins behind a stop is ended at once") {
  Streams streams;
  Client& client = streams.world.open("GET /first HTTP/1.1\r\n");
  streams.world.drain(DrainMode::stop);
  client.send("Host: a\r\n\r\n");
  streams.world.settle();
  CHECK(client.answer().body == "data: first\n\n");
  CHECK(client.ended);
}

TEST_CASE("http/events: a client that does not read is ended when too much waits for it") {
  Streams streams({.queue_bytes = 100'000});
  Client& client = streams.get("/events");
  client.reads = false;
  std::string data(10'000, 'x');
  bool sent = true;
  for (int i = 0; i < 100 && sent; i++) sent = streams.event({.data = data});
  CHECK(!sent);
  CHECK(streams.world.closed(CloseReason::queue_full) == 1);
}
