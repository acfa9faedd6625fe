#include "http/http_service.h"

#include <doctest/doctest.h>

#include "http_world.h"
#include "routes_of.h"

using namespace oklo;

namespace {

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kPost = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";

struct Service {
  Service() : world(routes_of(make_site()), {.limits = {.idle_time_ms = 100'000}}) {}

  Router& make_site() {
    site.get("/", [](const Request&, Response& response) { response.text("home"); });
    site.get("/large", [](const Request&, Response& response) {
      response.send(std::string(3'000'000, 'x'));
    });
    site.post("/echo", [](const Request& request, Response& response) { response.text(request.body()); });
    return site;
  }

  Router site;
  HttpWorld world;
};

constexpr DrainMode kBoth[] = {DrainMode::reload, DrainMode::stop};

}  // namespace

TEST_CASE("http/drain: a reload lets an idle client ask once more, and says that it was the last time") {
  Service service;
  Client& used = service.world.connect();
  Client& fresh = service.world.connect();
  used.send(kGet);
  service.world.settle();
  CHECK(!used.answer().closes());
  service.world.drain(DrainMode::reload);
  service.world.settle();
  CHECK(service.world.connections() == 2);
  for (Client* client : {&used, &fresh}) {
    CHECK(!client->ended);
    client->send(kGet + kGet);
    service.world.settle();
    Answer answer = client->answer();
    CHECK(answer.body == "home");
    CHECK(answer.closes());
    CHECK(client->ended);
    client->go_away();
  }
  service.world.settle();
  CHECK(service.world.closed(CloseReason::drained) == 2);
}

TEST_CASE("http/drain: a stop closes an idle connection without an answer") {
  Service service;
  Client& client = service.world.connect();
  client.send(kGet);
  service.world.settle();
  client.answer();
  service.world.drain(DrainMode::stop);
  service.world.settle();
  CHECK(client.ended);
  CHECK(client.answer().status == 0);
  CHECK(service.world.ended_with(CloseReason::drained));
}

TEST_CASE("http/drain: a request under way is finished, cut at whatever place") {
  for (DrainMode mode : kBoth)
    for (size_t cut = 1; cut < kPost.size(); cut++) {
      CAPTURE(cut);
      Service service;
      Client& client = service.world.connect();
      client.send(kPost.substr(0, cut));
      service.world.settle();
      service.world.drain(mode);
      service.world.settle();
      CHECK(!client.ended);
      client.send(kPost.substr(cut));
      service.world.settle();
      Answer answer = client.answer();
      CHECK(answer.body == "body");
      CHECK(answer.closes());
      CHECK(client.ended);
      CHECK(service.world.ended_with(CloseReason::drained));
    }
}

TEST_CASE("http/drain: a client that had asked for the end itself is finished with, not drained") {
  Service service;
  Client& client = service.world.connect();
  client.send("GET / HTTP/1.0\r\n");
  service.world.settle();
  service.world.drain(DrainMode::reload);
  client.send("\r\n");
  service.world.settle();
  CHECK(client.answer().status == 200);
  CHECK(service.world.ended_with(CloseReason::finished));
}

TEST_CASE("http/drain: an answer that is being sent is sent to its end") {
  for (DrainMode mode : kBoth) {
    Service service;
    Client& client = service.world.connect();
    client.reads = false;
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    service.world.settle();
    service.world.drain(mode);
    service.world.settle();
    client.reads = true;
    service.world.settle();
    CHECK(client.answer().body.size() == 3'000'000);
    CHECK(client.ended == (mode == DrainMode::stop));
    if (mode == DrainMode::stop) CHECK(service.world.ended_with(CloseReason::drained));
  }
}

TEST_CASE("http/drain: requests that wait behind a long answer get one more answer, the last") {
  for (DrainMode mode : kBoth) {
    Service service;
    Client& client = service.world.connect();
    client.reads = false;
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n" + kGet + kGet);
    service.world.settle();
    service.world.drain(mode);
    client.reads = true;
    service.world.settle();
    std::vector<Answer> answers = client.answers();
    REQUIRE(answers.size() == 2);
    CHECK(answers[1].body == "home");
    CHECK(answers[1].closes());
    CHECK(service.world.ended_with(CloseReason::drained));
  }
}
