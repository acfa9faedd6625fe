#include "http/admission.h"

#include <doctest/doctest.h>

#include <string>

#include "http_world.h"
#include "routes_of.h"
#include "sys/address.h"

using namespace oklo;

namespace {

// A site with rules for some of its paths, and addresses with limits.
struct Service {
  explicit Service(const AddressLimits& limits = {})
      : addresses(AddressTable::create(limits, 1).value()), world(routes_of(make_site())) {
    world.guard_with(guard);
  }

  Router& make_site() {
    auto here = [this](const Request&, Response& response) {
      calls++;
      response.text("here");
    };
    site.get("/", here).post("/", here).get("/inside", here).post("/inside", here).get("/inside/more", here);
    site.get("/:any/deep", here);
    site.access("/inside", {"allow 10.0.0.0/8"});
    site.access("/:any/deep", {"deny 10.0.0.9"});
    site.websocket("/ws", {.on_message = [](WebSocket&, std::string_view) {}});
    site.access("/ws", {"allow unix"});
    return site;
  }

  // The answer to what a client from there sends in one piece; "" is a unix socket.
  Answer ask(const std::string& from, const std::string& bytes, bool to_head = false) {
    sys::Address address;
    if (!from.empty()) address = *sys::Address::parse(from + ":5000");
    Client& client = world.connect(address);
    client.send(bytes);
    world.settle();
    Answer answer = client.answer(to_head);
    client.go_away();
    world.settle();
    return answer;
  }
  int get(const std::string& from, const std::string& path) {
    return ask(from, "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n").status;
  }

  Router site;
  AddressTable addresses;
  LifeRow row = {};
  AddressGuard guard{addresses, 0, row};
  HttpWorld world;
  int calls = 0;
};

std::string fault(const Function<void(Router&)>& fill) {
  Router site;
  fill(site);
  Result<void> checked = routes_of(site).check();
  return checked ? "" : checked.error().text;
}

void serve(const Request&, Response& response) { response.text("x"); }

const std::string kHead = " HTTP/1.1\r\nHost: a\r\n";

}  // namespace

TEST_CASE("http/admission: rules of a path") {
  Service service;
  CHECK(service.get("10.0.0.1", "/inside") == 200);
  CHECK(service.get("192.0.2.1", "/inside") == 403);
  CHECK(service.get("", "/inside") == 403);
  CHECK(service.get("192.0.2.1", "/") == 200);
  CHECK(service.get("192.0.2.1", "/inside/more") == 200);
  CHECK(service.get("10.0.0.9", "/x/deep") == 403);
  CHECK(service.get("10.0.0.8", "/x/deep") == 200);
  CHECK(service.get("192.0.2.1", "/none") == 404);
  CHECK(service.calls == 4);
}

TEST_CASE("http/admission: they hold for each method, also for one that is not there") {
  Service service;
  for (const char* method : {"HEAD", "OPTIONS", "DELETE"}) {
    std::string request = method + std::string(" /inside") + kHead + "\r\n";
    bool to_head = method == std::string("HEAD");
    CHECK(service.ask("192.0.2.1", request, to_head).status == 403);
    CHECK(service.ask("10.0.0.1", request, to_head).status != 403);
  }
}

TEST_CASE("http/admission: the connection goes on, unless a body is still to come") {
  Service service;
  std::string post = "POST /inside" + kHead + "Content-Length: 5\r\n\r\n";
  Answer whole = service.ask("192.0.2.1", post + "hello");
  CHECK(whole.status == 403);
  CHECK(!whole.closes());
  Answer cut = service.ask("192.0.2.1", post + "hel");
  CHECK(cut.status == 403);
  CHECK(cut.closes());
  Answer chunked = service.ask("192.0.2.1", "POST /inside" + kHead + "Transfer-Encoding: chunked\r\n\r\n");
  CHECK(chunked.status == 403);
  CHECK(chunked.closes());
  CHECK(service.calls == 0);
  CHECK(service.ask("10.0.0.1", post + "hello").status == 200);
}

TEST_CASE("http/admission: what follows on the connection is answered") {
  Service service;
  Client& client = service.world.connect(*sys::Address::parse("192.0.2.1:5000"));
  client.send("POST /inside" + kHead + "Content-Length: 2\r\n\r\nhi" + "GET /" + kHead + "\r\n");
  service.world.settle();
  std::vector<Answer> answers = client.answers();
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].status == 403);
  CHECK(answers[1].status == 200);
  CHECK(service.calls == 1);
}

TEST_CASE("http/admission: a WebSocket is refused before it opens") {
  Service service;
  std::string upgrade = "GET /ws" + kHead +
                        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  CHECK(service.ask("10.0.0.1", upgrade).status == 403);
  Service limited({.requests_s = 1});
  CHECK(limited.get("10.0.0.1", "/inside/more") == 200);
  CHECK(limited.get("10.0.0.1", "/ws") == 403);
}

TEST_CASE("http/admission: an address that asks too much gets 429, and when to come again") {
  Service service({.requests_s = 1, .burst = 3});
  for (int i = 0; i < 3; i++) CHECK(service.get("10.0.0.1", "/") == 200);
  Answer late = service.ask("10.0.0.1", "GET /" + kHead + "\r\n");
  CHECK(late.status == 429);
  CHECK(late.field("retry-after") == "1");
  CHECK(!late.closes());
  CHECK(service.calls == 3);
  CHECK(service.row.requests_limited.value() == 1);
  CHECK(service.get("10.0.0.2", "/") == 200);
  for (int i = 0; i < 9; i++) CHECK(service.get("", "/") == 200);
}

TEST_CASE("http/admission: what the rules refuse takes nothing of the limits") {
  Service service({.requests_s = 1, .burst = 1});
  for (int i = 0; i < 3; i++) CHECK(service.get("192.0.2.1", "/inside") == 403);
  CHECK(service.get("192.0.2.1", "/") == 200);
  CHECK(service.get("192.0.2.1", "/") == 429);
}

TEST_CASE("http/admission: rules for files are for all of them") {
  for (const char* prefix : {"/files", "/files/", "/"}) {
    Router site;
    site.files(prefix, "/dev");
    site.access(prefix, {"deny all"});
    auto& routes = routes_of(site);
    CHECK(routes.check().ok());
    http::Exchange exchange;
    std::string below = std::string(prefix) + (std::string(prefix).ends_with('/') ? "" : "/");
    for (const std::string& path : {std::string(prefix), below, below + "null", below + "a/b/c"}) {
      std::string text = "GET " + path + kHead + "\r\n";
      REQUIRE(codec::parse_request_head({text.data(), text.size()}, {}, exchange.head).kind ==
              codec::ParseOutcome::Kind::complete);
      if (!routes.find(exchange)) continue;
      CHECK_MESSAGE(exchange.access, path);
    }
  }
}

TEST_CASE("http/admission: rules of a pattern are those that were given last, and its own") {
  Router site;
  site.access("/a", {"deny all"}).access("/a/*rest", {"allow unix"}).access("/a", {"allow all"});
  site.get("/a", serve).get("/a/*rest", serve).get("/:other/x", serve);
  auto& routes = routes_of(site);
  CHECK(routes.check().ok());
  http::Exchange exchange;
  auto access_of = [&](const std::string& path) {
    std::string text = "GET " + path + kHead + "\r\n";
    REQUIRE(codec::parse_request_head({text.data(), text.size()}, {}, exchange.head).kind ==
            codec::ParseOutcome::Kind::complete);
    routes.find(exchange);
    return exchange.access;
  };
  uint8_t ip[16] = {1};
  CHECK(access_of("/a")->admits(ip));
  CHECK(!access_of("/a/x")->admits(ip));
  CHECK(!access_of("/b/x"));
  CHECK(!access_of("/none"));
}

TEST_CASE("http/admission: a rule alone changes no path") {
  Router site;
  site.access("/a", {"deny all"}).get("/a", serve).get("/:any/x", serve);
  http::Exchange exchange;
  std::string text = "GET /a/x" + kHead + "\r\n";
  REQUIRE(codec::parse_request_head({text.data(), text.size()}, {}, exchange.head).kind ==
          codec::ParseOutcome::Kind::complete);
  CHECK(routes_of(site).find(exchange) != 0);
  CHECK(!exchange.access);
}

TEST_CASE("http/admission: what is wrong is said") {
  CHECK(fault([](Router& site) { site.get("/a", serve).access("/a", {"10.0.0.0/8"}); }) ==
        "/a: bad rule \"10.0.0.0/8\": write allow or deny and a network");
  CHECK(fault([](Router& site) { site.get("/a", serve).access("/a", {"allow 10.0.0.1/8"}); })
            .starts_with("/a: bad network \"10.0.0.1/8\""));
  CHECK(fault([](Router& site) { site.get("/a", serve).access("/b", {"deny all"}); }) ==
        "/b: there are rules, but no route");
  CHECK(fault([](Router& site) { site.get("/a", serve).access("b", {"deny all"}); })
            .starts_with("bad route pattern \"b\""));
  CHECK(fault([](Router& site) { site.access("/a", {"deny all"}).get("/a", serve); }) == "");
}
