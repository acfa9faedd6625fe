#include "http/access_log.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include "asked.h"
#include "http_world.h"
#include "routes_of.h"

using namespace oklo;

namespace {

// A pipe whose reading end does not wait.
struct Pipe {
  Pipe() {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    in.reset(ends[0]);
    out.reset(ends[1]);
  }
  std::string take() const {
    std::string all;
    char room[4096];
    for (ssize_t n; (n = read(in.get(), room, sizeof room)) > 0;) all.append(room, static_cast<size_t>(n));
    return all;
  }
  sys::Fd in, out;
};

constexpr uint8_t kPeer[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
constexpr uint8_t kPeer6[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

// The line for what was asked, after `answer` has answered it.
std::string line_of(Asked& asked, LogFormat format, const Function<void(http::Exchange&)>& answer) {
  Pipe pipe;
  auto reactor = Reactor::create(64).value();
  Counter dropped;
  LineWriter writer(*reactor, pipe.out.get(), dropped);
  http::AccessLog log(writer, format);
  answer(asked.exchange);
  log.write(asked.exchange);
  writer.flush();
  return pipe.take();
}

void hello(http::Exchange& exchange) { exchange.send("hello"); }

// A world with a log.
struct Service {
  explicit Service(LogFormat format = LogFormat::common, const HttpLimits& limits = {})
      : world(routes_of(make_site()), {.limits = limits, .log_fd = pipe.out.get(), .format = format}) {}

  Router& make_site() {
    site.get("/*any", [](const Request&, Response& response) { response.text("hello"); });
    site.post("/*any", [](const Request& request, Response& response) { response.text(request.body()); });
    UploadHandlers upload;
    upload.on_end = [](const Request&, Response& response) { response.status(201).send("up"); };
    site.upload("/upload", std::move(upload));
    site.get("/late/*any", [this](const Request&, Response& response) { late = response.later(); });
    site.get("/events", [this](const Request&, Response& response) { late = response.events(); });
    site.get("/nothing", [](const Request&, Response&) {});
    site.get("/half", [](const Request&, Response& response) { response.write("half"); });
    return site;
  }

  // The lines that one client causes, without what stands before the request in each.
  std::string lines_of(const std::vector<std::string>& pieces) {
    Client& client = world.connect(sys::Address::parse("192.0.2.1:5").value());
    for (const std::string& piece : pieces) {
      client.send(piece);
      world.settle();
    }
    client.go_away();
    world.settle();
    world.writer().flush();
    std::string lines = pipe.take();
    const std::string before = "192.0.2.1 - - [";
    for (size_t at; (at = lines.find(before)) != lines.npos;) lines.erase(at, lines.find(']', at) + 2 - at);
    return lines;
  }

  // The same, when what is late was answered by `function` before the client goes away.
  std::string lines_of_late(const std::string& request, const Function<void(Response&)>& function) {
    Client& client = world.connect(sys::Address::parse("192.0.2.1:5").value());
    client.send(request);
    world.settle();
    CHECK(pipe.take().empty());
    client.send(std::string(16'000, 'x'));  // Nothing of the request is left where it was.
    world.settle();
    CHECK(answer(late, function));
    world.settle();
    client.go_away();
    return lines_of({});
  }

  Router site;
  RequestId late;
  Pipe pipe;
  HttpWorld world;
};

const std::string kHost = " HTTP/1.1\r\nHost: a\r\n";

}  // namespace

TEST_CASE("http/access_log: the common format") {
  Asked asked("GET /a?b=c HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\n\r\n");
  asked.exchange.peer_ip = kPeer;
  CHECK(line_of(asked, LogFormat::common, hello) ==
        "192.0.2.1 - - [10/Oct/2000:13:55:36 +0000] \"GET /a?b=c HTTP/1.1\" 200 5\n");
  Asked old("POST http://b/ HTTP/1.0\r\n\r\n");
  old.exchange.peer_ip = kPeer6;
  CHECK(line_of(old, LogFormat::common, [](http::Exchange& exchange) { exchange.fail(404); }) ==
        "2001:db8::1 - - [10/Oct/2000:13:55:36 +0000] \"POST http://b/ HTTP/1.0\" 404 14\n");
  Asked head("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(line_of(head, LogFormat::common, hello) ==
        "- - - [10/Oct/2000:13:55:36 +0000] \"HEAD / HTTP/1.1\" 200 -\n");
}

TEST_CASE("http/access_log: as JSON") {
  Asked asked("GET /a?b=c HTTP/1.1\r\nHost: h:1\r\nUser-Agent: x y\r\nReferer: http://r/\r\n\r\n");
  asked.exchange.peer_ip = kPeer;
  CHECK(line_of(asked, LogFormat::json, hello) ==
        "{\"time\":\"2000-10-10T13:55:36Z\",\"peer\":\"192.0.2.1\",\"status\":200,\"bytes\":5,"
        "\"method\":\"GET\",\"target\":\"/a?b=c\",\"host\":\"h:1\",\"referer\":\"http://r/\","
        "\"agent\":\"x y\"}\n");
  Asked bare("GET / HTTP/1.0\r\n\r\n");
  CHECK(line_of(bare, LogFormat::json, [](http::Exchange& exchange) { exchange.fail(500); }) ==
        "{\"time\":\"2000-10-10T13:55:36Z\",\"peer\":\"-\",\"status\":500,\"bytes\":26,\"method\":\"GET\","
        "\"target\":\"/\",\"host\":\"\",\"referer\":\"\",\"agent\":\"\"}\n");
}

TEST_CASE("http/access_log: the time of the clock, with days and hours of two digits") {
  struct { int64_t second; const char *common, *json; } cases[] = {
      {0, "[01/Jan/1970:00:00:00 +0000]", "\"1970-01-01T00:00:00Z\""},
      {951'786'245, "[29/Feb/2000:01:04:05 +0000]", "\"2000-02-29T01:04:05Z\""},
      {4'102'444'799, "[31/Dec/2099:23:59:59 +0000]", "\"2099-12-31T23:59:59Z\""},
  };
  for (const auto& c : cases)
    for (LogFormat format : {LogFormat::common, LogFormat::json}) {
      Asked asked;
      asked.clock.wall_s = c.second;
      std::string wanted = format == LogFormat::common ? c.common : c.json;
      CHECK(line_of(asked, format, hello).find(wanted) != std::string::npos);
    }
}

TEST_CASE("http/access_log: what a client sends can end neither the quotes nor the line") {
  Asked asked(
      "GET /\"\\x HTTP/1.1\r\nHost: a\r\nUser-Agent: \"\\\t\x80\xff\xc3\xa9~\r\nReferer: a\tb\r\n\r\n");
  std::string json = line_of(asked, LogFormat::json, hello);
  CHECK(json.find("\"target\":\"/\\\"\\\\x\",\"host\"") != json.npos);
  CHECK(json.find("\"referer\":\"a\\u0009b\",") != json.npos);
  CHECK(json.ends_with(",\"agent\":\"\\\"\\\\\\u0009\\u0080\\u00ff\\u00c3\\u00a9~\"}\n"));
  std::string common = line_of(asked, LogFormat::common, [](http::Exchange&) {});
  CHECK(common.ends_with("] \"GET /\\\"\\\\x HTTP/1.1\" 200 5\n"));
}

TEST_CASE("http/access_log: a long field is cut, and the line is whole") {
  std::string agent(3000, '"');
  Asked asked("GET /" + std::string(5000, 'p') + kHost + "User-Agent: " + agent + "\r\n\r\n");
  std::string json = line_of(asked, LogFormat::json, hello);
  std::string cut;
  for (int i = 0; i < 1024; i++) cut += "\\\"";
  CHECK(json.ends_with("\"agent\":\"" + cut + "\"}\n"));
  CHECK(json.find("\"target\":\"/" + std::string(1023, 'p') + "\",") != json.npos);
  std::string common = line_of(asked, LogFormat::common, [](http::Exchange&) {});
  CHECK(common.ends_with("\"GET /" + std::string(1023, 'p') + " HTTP/1.1\" 200 5\n"));
}

TEST_CASE("http/access_log: one line for each answer, in their order") {
  Service service;
  CHECK(service.lines_of({"GET /a" + kHost + "\r\nPOST /b" + kHost + "Content-Length: 2\r\n\r\nhi" +
                          "HEAD /c" + kHost + "\r\nOPTIONS *" + kHost + "\r\nDELETE /\"" + kHost +
                          "\r\n"}) ==
        "\"GET /a HTTP/1.1\" 200 5\n\"POST /b HTTP/1.1\" 200 2\n\"HEAD /c HTTP/1.1\" 200 -\n"
        "\"OPTIONS * HTTP/1.1\" 204 -\n\"DELETE /\\\" HTTP/1.1\" 405 23\n");
  CHECK(service.lines_of({"POST /slow" + kHost + "Content-Length: 2\r\n\r\nh", "i"}) ==
        "\"POST /slow HTTP/1.1\" 200 2\n");
  std::string chunked = "PUT /upload" + kHost + "Transfer-Encoding: chunked\r\n\r\n";
  CHECK(service.lines_of({chunked, "1\r\na\r\n0\r\n\r\n"}) == "\"PUT /upload HTTP/1.1\" 201 2\n");
  CHECK(service.lines_of({"GET /nothing" + kHost + "\r\n"}) == "\"GET /nothing HTTP/1.1\" 500 26\n");
  CHECK(service.lines_of({"GET /half" + kHost + "\r\n"}) == "\"GET /half HTTP/1.1\" 200 4\n");
}

TEST_CASE("http/access_log: a late answer has its line when it is complete") {
  Service service;
  auto text = [](Response& response) { response.status(201).text("late!"); };
  CHECK(service.lines_of_late("GET /late/x?y" + kHost + "Connection: close\r\n\r\n", text) ==
        "\"GET /late/x?y HTTP/1.1\" 201 5\n");
  std::string long_target = "GET /late/" + std::string(5000, 'p');
  CHECK(service.lines_of_late(long_target + kHost + "Connection: close\r\n\r\n", text) ==
        "\"GET /late/" + std::string(1018, 'p') + " HTTP/1.1\" 201 5\n");
  Service json(LogFormat::json);
  std::string fields = "User-Agent: an agent\r\nConnection: close\r\nReferer: http://r/\r\n\r\n";
  std::string line = json.lines_of_late("GET /late/x" + kHost + fields, text);
  CHECK(line.find("\"status\":201,\"bytes\":5,\"method\":\"GET\",\"target\":\"/late/x\",\"host\":\"a\","
                  "\"referer\":\"http://r/\",\"agent\":\"an agent\"}\n") != line.npos);
}

TEST_CASE("http/access_log: a stream of events has its line when its client leaves") {
  Service service;
  CHECK(service.lines_of_late("GET /events" + kHost + "\r\n", [](Response& response) {
    response.event({.data = "x"});
  }) == "\"GET /events HTTP/1.1\" 200 9\n");
  CHECK(service.lines_of({"GET /late/gone" + kHost + "\r\n"}).empty());
}

TEST_CASE("http/access_log: a request that was refused has its line, without a request that was none") {
  Service service(LogFormat::common, {.body_bytes = 5});
  CHECK(service.lines_of({"\x16\x03\x01"}) == "\"-\" 400 16\n");
  CHECK(service.lines_of({"GET /a" + kHost + "\r\nGET /b\r\n\r\n"}) ==
        "\"GET /a HTTP/1.1\" 200 5\n\"-\" 400 16\n");
  CHECK(service.lines_of({"POST /big" + kHost + "Content-Length: 6\r\n\r\n"}) ==
        "\"POST /big HTTP/1.1\" 413 22\n");
  CHECK(service.lines_of({"GET / HT"}).empty());
  CHECK(service.lines_of({"POST /a" + kHost + "Content-Length: 5\r\n\r\nabc"}).empty());
  Service json(LogFormat::json);
  std::string line = json.lines_of({"\x16\x03\x01"});
  CHECK(line.find("\"peer\":\"192.0.2.1\",\"status\":400,\"bytes\":16}\n") != line.npos);
}

TEST_CASE("http/access_log: a request whose body was refused in the middle is named") {
  for (const std::string& body : {std::string("x\r\n"), std::string("6\r\nabcdef\r\n")}) {
    Service service(LogFormat::common, {.body_bytes = 5});
    std::string status = body[0] == 'x' ? "400 16\n" : "413 22\n";
    std::string head = "POST /a" + kHost + "Transfer-Encoding: chunked\r\n\r\n";
    Client& client = service.world.connect();
    client.send(head);
    service.world.settle();
    CHECK(service.lines_of({"GET /other" + kHost + "\r\n"}) == "\"GET /other HTTP/1.1\" 200 5\n");
    client.send(body);
    service.world.settle();
    CHECK(service.lines_of({}).ends_with("\"POST /a HTTP/1.1\" " + status));
  }
  Service slow(LogFormat::common, {.body_rate_bytes_s = 1000, .body_window_ms = 10});
  Client& client = slow.world.connect();
  client.send("POST /a" + kHost + "Content-Length: 5\r\n\r\nabc");
  slow.world.until_ended(client);
  CHECK(slow.lines_of({}).ends_with("\"POST /a HTTP/1.1\" 408 20\n"));
}

TEST_CASE("http/access_log: what the pipe does not take is kept or dropped, in whole lines, and counted") {
  Service service;
  REQUIRE(fcntl(service.pipe.out.get(), F_SETPIPE_SZ, 4096) >= 4096);
  Client& client = service.world.connect();
  const std::string target = "/" + std::string(500, 't');
  constexpr uint64_t kRequests = 1000;
  for (uint64_t i = 0; i < kRequests; i++) client.send("GET " + target + kHost + "\r\n");
  service.world.settle();
  CHECK(service.world.life.requests.value() == kRequests);
  uint64_t dropped = service.world.life.log_lines_dropped.value();
  CHECK(dropped > 0);
  CHECK(dropped < kRequests);
  std::string lines;
  for (std::string part = service.pipe.take(); !part.empty(); part = service.pipe.take()) {
    lines += part;
    service.world.writer().flush();
  }
  uint64_t count = 0;
  while (!lines.empty()) {
    std::string line = lines.substr(0, lines.find('\n') + 1);
    CHECK(line.starts_with("- - - ["));
    CHECK(line.ends_with("] \"GET " + target + " HTTP/1.1\" 200 5\n"));
    lines.erase(0, line.size());
    count++;
  }
  CHECK(count + dropped == kRequests);
}
