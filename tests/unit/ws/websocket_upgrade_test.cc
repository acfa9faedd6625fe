#include "ws/websocket_upgrade.h"

#include <doctest/doctest.h>

#include "ws/ws_world.h"

namespace {

Answer ask(WsWorld& world, const std::string& request) {
  Client& client = world.http->connect();
  client.send(request);
  world.http->settle();
  return client.answer();
}

}  // namespace

TEST_CASE("ws/upgrade: the handshake of RFC 6455 section 1.3") {
  WsWorld world(echo_handlers());
  Client& client = world.http->connect();
  client.send(WsWorld::handshake("Sec-WebSocket-Extensions: permessage-deflate\r\n") + text_frame("early"));
  world.http->settle();
  std::string text = client.text();
  size_t end = text.find("\r\n\r\n") + 4;
  CHECK(text.substr(0, end) ==
        "HTTP/1.1 101 Switching Protocols\r\nServer: oklo\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\n\r\n");
  CHECK(frames_of(text.substr(end)) == Frames{"text:early"});
}

TEST_CASE("ws/upgrade: what is no handshake is told what would be one") {
  WsWorld world(echo_handlers());
  Answer plain = ask(world, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(plain.status == 426);
  CHECK(plain.field("upgrade") == "websocket");
  CHECK(plain.field("sec-websocket-version") == "13");
  std::string old = WsWorld::handshake();
  old.replace(old.find("Version: 13"), 11, "Version: 8");
  CHECK(ask(world, old).status == 426);
  std::string keyless = WsWorld::handshake();
  keyless.erase(keyless.find("dGhl"), 4);
  CHECK(ask(world, keyless).status == 400);
  std::string posted = WsWorld::handshake();
  posted.replace(0, 3, "POST");
  CHECK(ask(world, posted).status == 405);
}

TEST_CASE("ws/upgrade: on_handshake may refuse, or add fields") {
  oklo::WebSocketHandlers handlers = echo_handlers();
  handlers.on_handshake = [](const oklo::Request& request, oklo::Response& response) {
    response.header("Seen", request.query());
    if (request.has_header("Stranger")) response.status(401).text("who?");
  };
  WsWorld world(std::move(handlers));
  Answer refused = ask(world, WsWorld::handshake("Stranger: yes\r\n"));
  CHECK(refused.status == 401);
  CHECK(refused.body == "who?");
  Client& client = world.http->connect();
  client.send(WsWorld::handshake());
  world.http->settle();
  CHECK(client.received.find("\r\nSeen: a=b\r\n") != std::string::npos);
}

TEST_CASE("ws/upgrade: origins and subprotocols") {
  WsWorld world(echo_handlers(), {.origins = {"https://a.example"}, .subprotocols = {"two", "one"}});
  CHECK(ask(world, WsWorld::handshake("Origin: https://b.example\r\n")).status == 403);
  world.open();
  Client& client = world.http->connect();
  client.send(WsWorld::handshake("Origin: https://a.example\r\nSec-WebSocket-Protocol: zero, one, two\r\n"));
  world.http->settle();
  CHECK(client.received.starts_with("HTTP/1.1 101"));
  CHECK(client.received.find("\r\nSec-WebSocket-Protocol: one\r\n") != std::string::npos);
}

TEST_CASE("ws/upgrade: the same origin is the host that was asked, whatever its name") {
  WsWorld world(echo_handlers(), {.origins = {"https://b.example"}, .same_origin = true});
  auto status_of = [&](std::string_view host, const std::string& origin) {
    std::string request = WsWorld::handshake("Origin: " + origin + "\r\n");
    std::string line = "Host: " + std::string(host) + "\r\n";
    request.replace(request.find("Host: a\r\n"), 9, line);
    Client& client = world.http->connect();
    client.send(request);
    world.http->settle();
    return client.received.substr(9, 3);
  };
  for (const char* origin : {"http://a", "https://a", "HTTP://A", "https://b.example"})
    CHECK(status_of("a", origin) == "101");
  for (const char* origin :
       {"http://b", "null", "a", "http://a:8080", "http://a.b", "http://x@a", "://", "http://"})
    CHECK(status_of("a", origin) == "403");
  CHECK(status_of("[::1]:8080", "http://[::1]:8080") == "101");
  CHECK(status_of("[::1]:8080", "http://[::1]") == "403");
  CHECK(status_of("A.example:80", "http://a.example") == "101");
  CHECK(status_of("a.example:443", "https://a.example") == "101");
  CHECK(status_of("a.example:443", "http://a.example") == "403");
  world.open();
}

TEST_CASE("ws/upgrade: with the same origin alone no other passes") {
  WsWorld world(echo_handlers(), {.same_origin = true});
  CHECK(ask(world, WsWorld::handshake("Origin: https://b.example\r\n")).status == 403);
  world.open("Origin: http://a\r\n");
  world.open();
}

TEST_CASE("ws/upgrade: a page and a WebSocket at one path, in either order") {
  for (bool page_first : {false, true}) {
    oklo::http::RouteTable routes;
    auto get = oklo::http::RouteTable::bit(oklo::codec::Method::get);
    auto add_page = [&] {
      routes.add(get, "/:x").handler = [](const oklo::Request&, oklo::Response& res) { res.text("page"); };
    };
    if (page_first) add_page();
    routes.add_upgrade("/:x", std::make_unique<oklo::ws::WebSocketMaker>(echo_handlers(),
                                                                          oklo::WebSocketOptions()));
    if (!page_first) add_page();
    CHECK(routes.has_upgrades());
    HttpWorld world(routes);
    oklo::Relay relay(world.reactor(), world.life, {}, &world.pool());
    oklo::ws::Hub hub(relay, world.life);
    routes.make_upgrades(world.endpoint());
    CHECK(world.ask("GET /a HTTP/1.1\r\nHost: a\r\n\r\n").body == "page");
    Client& client = world.connect();
    std::string request = WsWorld::handshake();
    client.send(request.replace(0, 6, "GET /a") + text_frame("hi"));
    world.settle();
    CHECK(client.received.ends_with("\x81\x02hi"));
    world.abort_all();
  }
}
