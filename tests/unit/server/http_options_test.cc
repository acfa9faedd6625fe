#include <oklo/oklo.h>

#include <doctest/doctest.h>

#include <string>

#include "server/outcome.h"

namespace {

void answer(const oklo::Request&, oklo::Response& response) { response.text("here"); }
void hear(oklo::WebSocket&, std::string_view) {}

// What a site with that route says when it is to start.
template <class Add>
std::string refusal(Add add) {
  Outcome outcome = run([&](oklo::Server& server) {
    oklo::Router site;
    add(site);
    server.http("127.0.0.1:0", std::move(site));
  });
  CHECK(outcome.code == 100);
  return outcome.text;
}

std::string refusal(oklo::HttpLimits limits) {
  Outcome outcome = run([&](oklo::Server& server) {
    oklo::Router site;
    site.get("/", answer);
    server.http("127.0.0.1:0", std::move(site), limits);
  });
  CHECK(outcome.code == 100);
  return outcome.text;
}

std::string websocket_refusal(oklo::WebSocketOptions options) {
  return refusal([&](oklo::Router& site) {
    site.websocket("/ws", {.on_message = hear}, options);
  });
}

std::string line(std::string text) { return "oklo: http 127.0.0.1:0: " + text + "\n"; }

}  // namespace

TEST_CASE("server/http_site: a route without the callback that it needs is named") {
  CHECK(refusal([](oklo::Router&) {}) == line("it has no route"));
  CHECK(refusal([](oklo::Router& site) { site.get("/a/:b", nullptr); }) ==
        line("/a/:b: the handler is missing"));
  CHECK(refusal([](oklo::Router& site) { site.get("/", answer).upload("/up", {}); }) ==
        line("/up: on_end is missing"));
  CHECK(refusal([](oklo::Router& site) { site.get("/", answer).websocket("/ws", {}); }) ==
        line("/ws: on_message, on_binary or on_open is missing"));
}

TEST_CASE("server/http_site: a WebSocket and a handler may stand at one path, in either order") {
  CHECK(refusal([](oklo::Router& site) {
          site.websocket("/", {.on_message = hear}).get("/", answer);
          site.get("/x", answer).websocket("/x", {.on_message = hear});
          site.get("/last", nullptr);
        }) == line("/last: the handler is missing"));
}

TEST_CASE("server/http_site: wrong limits and options are errors at the start") {
  CHECK(refusal({.header_bytes = 0}) == line("header_bytes must be at least 1"));
  CHECK(refusal({.requests = 0}) == line("requests must be at least 1"));
  CHECK(refusal({.header_count = 129}) == line("header_count must be at most 128"));
  CHECK(websocket_refusal({.message_bytes = 0}) == line("/ws: message_bytes must be at least 1"));
  CHECK(websocket_refusal({.queue_bytes = 1023}) == line("/ws: queue_bytes must be at least 1024"));
  for (const char* bad : {"example.org", "https://example.org/", "https://", "://x"})
    CHECK(websocket_refusal({.origins = {"https://example.org", bad}}) ==
          line("/ws: \"" + std::string(bad) + "\" is no origin, as \"https://example.org\" is one"));
  CHECK(websocket_refusal({.subprotocols = {"chat", "not one"}}) ==
        line("/ws: \"not one\" is no name of a subprotocol"));
}
