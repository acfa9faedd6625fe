#include "gate/http_gate.h"

#include <algorithm>
#include <string>
#include <vector>

#include "http_gate_world.h"
#include "temp_dir.h"

using namespace gate_test;

namespace {

std::vector<RequestId> ids;  // of answers that come later

void fill(Router& site) {
  ids.clear();
  site.get("/", [](const Request& request, Response& response) {
    response.text(request.query_param("q").value_or(""));
  });
  site.get("/large", [](const Request&, Response& response) { response.text(std::string(2'000'000, 'L')); });
  site.post("/echo", [](const Request& request, Response& response) { response.text(request.body()); });
  auto late = [](const Request&, Response& response) { ids.push_back(response.later()); };
  site.get("/late", late);
  site.post("/late", late);
  auto events = [](const Request&, Response& response) { ids.push_back(response.events()); };
  site.get("/events", events);
  site.post("/events", events);
}

bool answer_late(std::string_view text) {
  return oklo::answer(ids.back(), [text](Response& response) { response.text(text); });
}

}  // namespace

TEST_CASE("gate/http: requests are answered, one after another, and the connection stays") {
  SiteWorld world(fill);
  Peer peer = world.open();
  for (int i = 0; i < 3; i++) {
    Answer answer = world.answer(peer, get("/?q=" + std::to_string(i)));
    CHECK(answer.status == 200);
    CHECK(answer.body == std::to_string(i));
    CHECK_FALSE(answer.closes());
  }
  CHECK(world.answer(peer, get("/nothing")).status == 404);
  peer.close();
  CHECK(world.is_clean());
}

TEST_CASE("gate/http: byte by byte, and many in one piece") {
  SiteWorld world(fill);
  Peer peer = world.open();
  std::string text;
  for (char byte : get("/?q=slow")) {
    peer.write({&byte, 1});
    world.turn();
  }
  CHECK(world.answer(peer, "").body == "slow");
  std::string many, expected;
  for (int i = 0; i < 1000; i++) {
    many += get("/?q=" + std::to_string(i));
    expected += std::to_string(i) + " ";
  }
  std::string bytes;
  for (size_t at = 0; at < many.size();) {
    at += peer.write(std::string_view(many).substr(at));
    world.turn();
    bytes += peer.read();
  }
  bytes += world.ask(peer, "");
  AnswerReader reader(bytes);
  std::string got;
  while (!reader.at_end()) got += reader.next().body + " ";
  CHECK(got == expected);
}

TEST_CASE("gate/http: the last request of a connection, and the worst") {
  SiteWorld world(fill);
  Peer last = world.open();
  CHECK(world.answer(last, get("/", "Connection: close\r\n")).closes());
  CHECK(last.over());
  Peer bad = world.open();
  CHECK(world.answer(bad, "GARBAGE\r\n\r\n").status == 400);
  CHECK(bad.over());
  Peer no_line = world.open();
  CHECK(world.answer(no_line, "\x16\x03\x01\x01").status == 400);  // TLS: nothing ends a line
  CHECK(no_line.over());
  Peer large = world.open();
  CHECK(world.answer(large, get("/", "X: " + std::string(20'000, 'x'))).status == 431);
  Peer half = world.open();
  half.write(get("/?q=half"));
  half.finish();
  CHECK(world.answer(half, "").body == "half");
  world.turns(3);
  CHECK(half.read().empty());
  CHECK(half.over());
}

TEST_CASE("gate/http: a head or a body that does not come is 408") {
  SiteWorld world(fill, {}, {.header_time_ms = 20, .body_rate_bytes_s = 1'000'000, .body_window_ms = 20});
  std::string half = post("/echo", 100) + "half";
  for (const std::string& part : {std::string("GET / HT"), half, post("/echo", 50'000)}) {
    Peer peer = world.open();
    world.turn();
    peer.write(part);
    std::string text = world.read_all(peer);
    CHECK(text.starts_with("HTTP/1.1 408"));
  }
  SiteWorld idle(fill, {}, {.idle_time_ms = 20});
  Peer peer = idle.open();
  CHECK(idle.read_all(peer).empty());
}

TEST_CASE("gate/http: a body that comes slowly enough is awaited") {
  SiteWorld world(fill, {}, {.body_rate_bytes_s = 0, .body_window_ms = 5});
  Peer peer = world.open();
  world.turn();
  peer.write(post("/echo", 4));
  uint64_t start = world.reactor->clock().now_ms;
  world.turn_until([&] { return world.reactor->clock().now_ms > start + 30; });
  CHECK(peer.read().empty());
  CHECK(world.answer(peer, "body").body == "body");
}

TEST_CASE("gate/http: bodies in a block, over a lane, in chunks, each with a request behind it") {
  SiteWorld world(fill);
  Peer peer = world.open();
  for (size_t size : {size_t{5}, size_t{16'000}, size_t{20'000}, size_t{700'000}}) {
    std::string body(size, 'b');
    std::string chunked = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (size_t at = 0; at < size; at += 5000) {
      size_t part = std::min<size_t>(5000, size - at);
      char head[16];
      snprintf(head, sizeof head, "%zx\r\n", part);
      chunked += head + body.substr(at, part) + "\r\n";
    }
    chunked += "0\r\n\r\n";
    for (const std::string& request : {post("/echo", size) + body, chunked}) {
      CAPTURE(size);
      CAPTURE(request.substr(0, 40));
      std::string all = request + get("/?q=next"), got;
      for (size_t at = 0; at < all.size();) {
        at += peer.write(std::string_view(all).substr(at));
        world.turn();
        got += peer.read();
      }
      if (got.size() < size) got += world.read(peer, size - got.size());
      got += world.ask(peer, "");
      AnswerReader reader(got);
      CHECK((reader.next().body == body));
      CHECK(reader.next().body == "next");
      CHECK(reader.at_end());
    }
  }
  peer.close();
  CHECK(world.is_clean());
}

TEST_CASE("gate/http: a body that is asked for, and one that is refused") {
  SiteWorld world(fill, {}, {.body_bytes = 1000});
  Peer peer = world.open();
  CHECK(world.ask(peer, post("/echo", 5, "Expect: 100-continue\r\n")) == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(world.answer(peer, "hello").body == "hello");
  for (size_t size : {2000, 200'000}) {
    Peer refused = world.open();
    Answer answer = world.answer(refused, post("/echo", size) + std::string(1500, 'x'));
    CHECK(answer.status == 413);
    CHECK(answer.closes());
    CHECK(refused.over());
  }
}

TEST_CASE("gate/http: a late answer, also behind a body, leaves the connection as it is") {
  SiteWorld world(fill);
  Peer peer = world.open();
  std::string body(50'000, 'b');
  std::string small = post("/late", 5) + "small";
  for (const std::string& request : {get("/late"), small, post("/late", 50'000) + body}) {
    CHECK(world.ask(peer, request).empty());
    CHECK(answer_late("late"));
    Answer answer = world.answer(peer, "");
    CHECK(answer.body == "late");
    CHECK_FALSE(peer.over());
  }
  CHECK(world.answer(peer, get("/?q=next")).body == "next");
}

TEST_CASE("gate/http: much that comes while an answer is awaited waits, also behind a body") {
  SiteWorld world(fill);
  std::string body(50'000, 'b'), many;
  for (int i = 0; i < 2000; i++) many += get("/?q=x");
  for (const std::string& request : {get("/late"), post("/late", 50'000) + body}) {
    Peer peer = world.open();
    CHECK(world.ask(peer, request).empty());
    std::string_view rest = many;
    for (int i = 0; i < 50; i++) {
      rest.remove_prefix(peer.write(rest));
      world.turn();
    }
    CHECK(answer_late("late"));
    std::string got;
    while (!rest.empty()) {
      rest.remove_prefix(peer.write(rest));
      world.turn();
      got += peer.read();
    }
    got += world.ask(peer, "");
    AnswerReader reader(got);
    CHECK(reader.next().body == "late");
    int count = 0;
    for (; !reader.at_end(); count++) CHECK(reader.next().body == "x");
    CHECK(count == 2000);
  }
}

TEST_CASE("gate/http: events go out as they come, until the client leaves") {
  SiteWorld world(fill);
  std::string body(50'000, 'b');
  for (const std::string& request : {get("/events"), post("/events", 50'000) + body}) {
    Peer peer = world.open();
    CHECK(world.ask(peer, request).find("text/event-stream") != std::string::npos);
    for (int i = 0; i < 3; i++) {
      bool sent = false;
      oklo::answer(ids.back(), [&](Response& response) { sent = response.event({.data = "x"}); });
      CHECK(sent);
      CHECK(world.ask(peer, "").find("data: x") != std::string::npos);
    }
    CHECK(world.worker().requests.pool().size() == 1);
    peer.close();
    CHECK(world.is_clean());
    CHECK_FALSE(answer_late("nobody"));
  }
}

TEST_CASE("gate/http: what the client has taken is confirmed to who waits for it") {
  SiteWorld world(fill, {}, {.queue_bytes = 100'000});
  Peer peer = world.open();
  world.ask(peer, get("/events"));
  std::string data(50'000, 'x');
  for (int i = 0; i < 20; i++) {  // Ten times what may wait.
    bool sent = false;
    oklo::answer(ids.back(), [&](Response& response) { sent = response.event({.data = data}); });
    CHECK(sent);
    CHECK(world.ask(peer, "").size() > data.size());
  }
}

TEST_CASE("gate/http: a request whose client left before a worker took it is answered to nobody") {
  SiteWorld world(fill, {.on_death = OnWorkerDeath::redeliver});
  for (bool was_taken : {false, true}) {
    CAPTURE(was_taken);
    world.worker().end.read(was_taken);
    world.turn();
    Peer peer = world.open();
    world.ask(peer, get("/events"));
    peer.close();
    if (was_taken) world.die(0);
    world.turns(3);
    if (!was_taken) world.die(0);
    world.gate->crew.look();
    world.start(0);
    world.turn_until([&] { return world.gate->deliveries.empty(); });
    CHECK(world.is_clean());
  }
}

TEST_CASE("gate/http: a file goes as an open fd, and the next request waits for it") {
  TempDir temp;
  std::string content(3'000'000, 'f');
  temp.file("file", content);
  SiteWorld world([&](Router& site) {
    fill(site);
    site.get("/file", [path = temp.path() + "/file"](const Request&, Response& response) {
      CHECK(response.send_file(path));
    });
  });
  Peer peer = world.open();
  peer.write(get("/file") + get("/?q=next"));
  std::string got = world.read(peer, content.size());
  got += world.ask(peer, "");
  AnswerReader reader(got);
  CHECK(reader.next().body == content);
  CHECK(reader.next().body == "next");
}

// ---------------------------------------------------------------- workers that die

TEST_CASE("gate/http: a lost worker is 502, and the connection stays where it is wanted and can") {
  struct Case {
    OnWorkerDeath mode;
    std::string request;
    bool stays;
  };
  std::string to_head = "HEAD /late HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const Case& each :
       {Case{OnWorkerDeath::close, get("/late"), false}, Case{OnWorkerDeath::lose, get("/late"), true},
        Case{OnWorkerDeath::lose, to_head, true},
        Case{OnWorkerDeath::lose, get("/late", "Connection: close\r\n"), false},
        Case{OnWorkerDeath::lose, "GET /late HTTP/1.0\r\n\r\n", false}}) {
    SiteWorld world(fill, {.on_death = each.mode});
    Peer peer = world.open();
    CHECK(world.ask(peer, each.request).empty());
    world.kill(0);
    world.start(0);
    Answer answer = world.answer(peer, "", each.request == to_head);
    CHECK(answer.status == 502);
    CHECK(answer.closes() == !each.stays);
    CHECK(peer.over() == !each.stays);
    if (each.stays) CHECK(world.answer(peer, get("/?q=next")).body == "next");
    peer.close();
    world.turn_until([&] { return world.is_clean(); });
  }
}

TEST_CASE("gate/http: what has begun to be answered can't be answered again") {
  for (OnWorkerDeath mode : {OnWorkerDeath::close, OnWorkerDeath::lose, OnWorkerDeath::redeliver}) {
    SiteWorld world(fill, {.on_death = mode});
    Peer peer = world.open();
    CHECK(world.ask(peer, get("/events")).find("200 OK") != std::string::npos);
    world.kill(0);
    world.start(0);
    CHECK(world.ask(peer, "").empty());
    CHECK(peer.over());
    world.turns(10);
    CHECK(world.is_clean());
  }
}

TEST_CASE("gate/http: another worker answers what the dead one had not") {
  SiteWorld world(fill, {.on_death = OnWorkerDeath::redeliver});
  Peer peer = world.open();
  CHECK(world.ask(peer, get("/late") + get("/?q=next")).empty());
  world.kill(0);
  world.start(0);
  CHECK(world.ask(peer, "").empty());
  CHECK(answer_late("again"));
  std::string got = world.ask(peer, "");
  AnswerReader reader(got);
  CHECK(reader.next().body == "again");
  CHECK(reader.next().body == "next");
  CHECK(reader.at_end());
}

TEST_CASE("gate/http: what is left of a body is no request when its worker is gone") {
  for (OnWorkerDeath mode : {OnWorkerDeath::lose, OnWorkerDeath::redeliver}) {
    SiteWorld world(fill, {.on_death = mode});
    Peer peer = world.open();
    CHECK(world.ask(peer, post("/echo", 100'000) + std::string(30'000, 'x')).empty());
    world.kill(0);
    world.start(0);
    Answer answer = world.answer(peer, get("/?q=smuggled"));
    CHECK(answer.status == 502);
    CHECK(answer.closes());
    CHECK(peer.over());
  }
}

// ---------------------------------------------------------------- workers that talk nonsense

TEST_CASE("gate/http: what no worker says is refused, and what stands against itself does no harm") {
  SiteWorld world(fill);
  Peer peer = world.open();
  CHECK(world.ask(peer, get("/late")).empty());
  ConnectionId id;
  world.gate->pool.for_each([&](net::Connection& connection) { id = connection.id(); });
  auto refused = [&](Said type, uint16_t flags, uint32_t number, std::string_view bytes, sys::Fd file = {}) {
    int before = world.gate->broken;
    world.worker().end.say_together(0, type, id, 0, flags, number, bytes, std::move(file));
    world.worker().end.commit(0);
    world.turns(3);
    return world.gate->broken == before + 1;
  };
  CHECK(refused(Said::http_closed, static_cast<uint16_t>(CloseReason::count), 0, ""));
  CHECK(refused(Said::http_closed, 0x0300, 0, ""));
  CHECK(refused(Said::http_file, 0, 0, "0123456789abcdef"));
  CHECK(refused(Said::http_file, 0, 0, "short", sys::Fd(dup(world.null.get()))));
  CHECK(refused(Said::http_lane, 0, 0, ""));
  CHECK(refused(Said::http_upgrade, 0, 0, ""));
  CHECK(refused(Said::http_upgrade, 0, UINT32_MAX, ""));
  CHECK(refused(Said::ws_close, 5, 0, ""));
  CHECK(refused(Said::ws_close, 1005, 0, ""));
  CHECK(refused(Said::ws_join, 0, 0, std::string(256, 'x')));
  CHECK(refused(Said::ws_leave, 0, 0, std::string(256, 'x')));
  CHECK(refused(Said::send, 0, 0, "x"));
  CHECK_FALSE(refused(Said::http_lane, 0, 0, "", sys::Fd(dup(world.null.get()))));  // there is no body
  CHECK_FALSE(refused(Said::ws_send_text, 0, 0, "it is no WebSocket"));
  CHECK(answer_late("late"));
  CHECK(world.answer(peer, "").body == "late");
  CHECK_FALSE(refused(Said::http_output, 0, 0, "nobody has asked"));
  CHECK_FALSE(refused(Said::http_closed, 0, 0, ""));
  CHECK(world.answer(peer, get("/?q=next")).body == "next");
}

TEST_CASE("gate/http: a lane that leads nowhere ends the request") {
  SiteWorld world([](Router& site) { fill(site); });
  Peer peer = world.open();
  world.worker().end.read(false);
  world.turn();
  peer.write(post("/echo", 30'000) + std::string(30'000, 'x'));
  world.turns(4);
  ConnectionId id;
  world.gate->pool.for_each([&](net::Connection& connection) { id = connection.id(); });
  world.worker().end.say(0, Said::http_lane, id, 0, 0, {}, sys::Fd(dup(world.null.get())));
  world.turns(4);
  world.worker().end.read(true);
  std::string text = world.ask(peer, get("/?q=smuggled"));
  CHECK(text.find("smuggled") == std::string::npos);
  peer.close();
  world.turns(10);
}

// ---------------------------------------------------------------- the thread leaves

TEST_CASE("gate/http: a thread that leaves answers what was asked, and closes") {
  SiteWorld world(fill);
  Peer idle = world.open(), asked = world.open();
  world.turn();
  CHECK(world.ask(asked, get("/late")).empty());
  world.port->drain();
  world.gate->pool.drain(DrainMode::stop);
  world.turns(3);
  CHECK(idle.read().empty());
  CHECK(idle.over());
  idle.close();
  CHECK(answer_late("late"));
  Answer answer = world.answer(asked, "");
  CHECK(answer.body == "late");
  CHECK(answer.closes());
  CHECK(asked.over());
  asked.close();
  world.turn_until([&] { return world.is_clean(); });
}

TEST_CASE("gate/http: events end when the server stops, also those that are asked for then") {
  SiteWorld world(fill);
  Peer before = world.open(), after = world.open();
  CHECK(world.ask(before, get("/events")).find("200 OK") != std::string::npos);
  std::string request = get("/events");
  CHECK(world.ask(after, request.substr(0, 10)).empty());
  world.port->drain();
  world.gate->pool.drain(DrainMode::stop);
  CHECK(world.ask(before, "").ends_with("0\r\n\r\n"));
  CHECK(before.over());
  CHECK(world.ask(after, request.substr(10)).ends_with("0\r\n\r\n"));
  CHECK(after.over());
}
