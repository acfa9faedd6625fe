#include <oklo/limits.h>

#include <doctest/doctest.h>

#include "http_world.h"
#include "routes_of.h"

using namespace oklo;

namespace {

const std::string kHost = "Host: a\r\n";

// A world with an echo, an upload that counts its bytes, and an answer of as many bytes as the path says.
struct Service {
  explicit Service(const HttpLimits& limits) : world(routes_of(make_site()), {limits}) {}

  Router& make_site() {
    auto echo = [](const Request& request, Response& response) { response.text(request.body()); };
    site.get("/", echo).post("/", echo);
    site.get("/size/:bytes", [this](const Request& request, Response& response) {
      size_t size = std::stoul(std::string(request.param("bytes")));
      if (request.query() == "write") written = response.write(std::string(size, 'x'));
      else response.send(std::string(size, 'x'));
    });
    UploadHandlers upload;
    upload.on_piece = [this](const Request&, std::string_view piece) { uploaded += piece.size(); };
    upload.on_end = [](const Request&, Response& response) { response.text("up"); };
    upload.on_abort = [this](const Request&) { aborted++; };
    site.upload("/upload", std::move(upload));
    return site;
  }

  // The status that a new client gets for these pieces, each sent in turns of its own; 0: none. Any status
  // but 200 is the last of its connection, for which it must have ended with that reason.
  int status(const std::vector<std::string>& pieces, CloseReason reason = CloseReason::bad_request) {
    Client& client = world.connect();
    for (const std::string& piece : pieces) {
      client.send(piece);
      world.settle();
    }
    uint64_t before = world.closed(reason);
    Answer answer = client.answer();
    CHECK(answer.closes() == (answer.status != 200));
    CHECK(client.ended == (answer.status != 200));
    client.go_away();
    world.settle();
    CHECK(world.closed(reason) - before == (answer.status != 200));
    return answer.status;
  }
  // The same, whole and cut in the middle and near the end, which must be alike.
  int status_in_pieces(const std::string& text) {
    int whole = status({text});
    for (size_t at : {text.size() / 2, text.size() - 5, text.size() - 1})
      CHECK(status({text.substr(0, at), text.substr(at)}) == whole);
    return whole;
  }

  uint64_t now_ms() { return world.reactor().clock().now_ms; }

  Router site;
  size_t uploaded = 0;
  int aborted = 0;
  bool written = false;
  HttpWorld world;
};

std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\n" + kHost + fields + "\r\n";
}

std::string post(const std::string& target, const std::string& fields, const std::string& body) {
  return "POST " + target + " HTTP/1.1\r\n" + kHost + fields + "\r\n" + body;
}

std::string post_sized(const std::string& target, size_t size) {
  return post(target, "Content-Length: " + std::to_string(size) + "\r\n", std::string(size, 'b'));
}

// In chunks of three bytes.
std::string post_chunked(const std::string& target, size_t size) {
  std::string body;
  for (; size > 0; size -= std::min<size_t>(3, size)) {
    size_t part = std::min<size_t>(3, size);
    body += std::to_string(part) + "\r\n" + std::string(part, 'b') + "\r\n";
  }
  return post(target, "Transfer-Encoding: chunked\r\n", body + "0\r\n\r\n");
}

// A request whose first line has that many bytes.
std::string with_line_of(size_t bytes) {
  return get("/?" + std::string(bytes - std::string("GET /? HTTP/1.1").size(), 'q'));
}

// A request whose field lines have that many bytes, the empty line at their end included.
std::string with_fields_of(size_t bytes) {
  std::string before = kHost + "X: ";
  return get("/", "X: " + std::string(bytes - before.size() - 4, 'x') + "\r\n");
}

std::string with_field_count(size_t count) {
  std::string fields;
  for (size_t i = 1; i < count; i++) fields += "X: y\r\n";
  return get("/", fields);
}

}  // namespace

TEST_CASE("http/limits: the request line") {
  Service service({.request_line_bytes = 100});
  CHECK(service.status_in_pieces(with_line_of(100)) == 200);
  CHECK(service.status_in_pieces(with_line_of(101)) == 414);
  CHECK(service.status_in_pieces(with_line_of(3000)) == 414);
}

TEST_CASE("http/limits: a request line without an end is refused as such, in whatever pieces it comes") {
  Service service({.request_line_bytes = 100});
  std::string endless = "GET /" + std::string(40'000, 'a');
  CHECK(service.status({endless}) == 414);
  CHECK(service.status({endless.substr(0, 50), endless.substr(50)}) == 414);
  CHECK(service.status({"G", endless.substr(1, 15'000), endless.substr(15'001, 10'000)}) == 414);
}

TEST_CASE("http/limits: the bytes of the fields") {
  Service service({.header_bytes = 200});
  CHECK(service.status_in_pieces(with_fields_of(200)) == 200);
  CHECK(service.status_in_pieces(with_fields_of(201)) == 431);
  CHECK(service.status_in_pieces(with_fields_of(3000)) == 431);
}

TEST_CASE("http/limits: the number of fields") {
  Service service({.header_count = 10});
  CHECK(service.status_in_pieces(with_field_count(10)) == 200);
  CHECK(service.status_in_pieces(with_field_count(11)) == 431);
  Service widest({.header_count = 1000});
  CHECK(widest.status({with_field_count(128)}) == 200);
  CHECK(widest.status({with_field_count(129)}) == 431);
}

TEST_CASE("http/limits: line and fields together have 16,000 bytes") {
  Service service({.request_line_bytes = 8192, .header_bytes = 12'000});
  auto request = [](size_t line, size_t fields) {
    std::string text = with_line_of(line);
    return text.substr(0, line + 2) + with_fields_of(fields).substr(std::string("GET / HTTP/1.1\r\n").size());
  };
  CHECK(service.status_in_pieces(request(8192, 7806)) == 200);
  CHECK(service.status_in_pieces(request(8192, 12'000)) == 431);
  Client& client = service.world.connect();
  client.send(request(50, 11'000) + request(8000, 8000) + request(40, 9000));
  service.world.settle();
  CHECK(client.answers().size() == 3);
}

TEST_CASE("http/limits: a body with a length") {
  Service service({.body_bytes = 40});
  CHECK(service.status_in_pieces(post_sized("/", 40)) == 200);
  CHECK(service.status_in_pieces(post_sized("/", 41)) == 413);
  CHECK(service.status({post("/", "Content-Length: 9223372036854775807\r\n", "")}) == 413);
  CHECK(service.status({post("/", "Content-Length: 9223372036854775808\r\n", "")}) == 400);
  CHECK(service.status({post("/", "Content-Length: 41\r\nExpect: 100-continue\r\n", "")}) == 413);
}

TEST_CASE("http/limits: a body in chunks") {
  Service service({.body_bytes = 40});
  CHECK(service.status_in_pieces(post_chunked("/", 40)) == 200);
  CHECK(service.status_in_pieces(post_chunked("/", 41)) == 413);
  std::string chunked = "Transfer-Encoding: chunked\r\n";
  CHECK(service.status({post("/", chunked, "29\r\n" + std::string(41, 'b'))}) == 413);
  CHECK(service.status({post("/", chunked, "fffffffffffffffff\r\n")}) == 400);
}

TEST_CASE("http/limits: a body nobody asked for is bounded too") {
  Service service({.body_bytes = 40});
  std::string request = post_chunked("/nowhere", 41);
  CHECK(service.status({request.substr(0, 70), request.substr(70)}) == 413);
  CHECK(service.status_in_pieces(post_sized("/nowhere", 41)) == 413);
}

TEST_CASE("http/limits: an upload has its own bound, and is told when it goes beyond it") {
  Service service({.body_bytes = 5, .upload_bytes = 40});
  CHECK(service.status_in_pieces(post_sized("/upload", 40)) == 200);
  CHECK(service.status_in_pieces(post_chunked("/upload", 40)) == 200);
  CHECK(service.uploaded == 8 * 40);
  CHECK(service.status_in_pieces(post_sized("/upload", 41)) == 413);
  CHECK(service.uploaded == 8 * 40);
  CHECK(service.aborted == 0);
  CHECK(service.status_in_pieces(post_chunked("/upload", 41)) == 413);
  CHECK(service.aborted == 4);
}

TEST_CASE("http/limits: the time for a head") {
  Service service({.header_time_ms = 20});
  Client& client = service.world.connect();
  client.send("GET / HTTP/1.1\r\nHost:");
  service.world.until_ended(client);
  CHECK(client.answer().status == 408);
  CHECK(service.world.ended_with(CloseReason::header_timeout));
}

TEST_CASE("http/limits: the time for a head is not put back by bytes that come") {
  Service service({.header_time_ms = 30});
  Client& client = service.world.connect();
  client.send("GET / HTTP/1.1\r\nHost: a\r\nX: ");
  uint64_t sent_ms = service.now_ms(), end_ms = sent_ms + 2000;
  service.world.until([&] { return client.ended || service.now_ms() > end_ms; }, [&] {
    if (service.now_ms() != std::exchange(sent_ms, service.now_ms())) client.send("x");
  });
  CHECK(client.answer().status == 408);
  CHECK(service.world.ended_with(CloseReason::header_timeout));
}

TEST_CASE("http/limits: the time for a head begins with each request anew") {
  Service service({.header_time_ms = 200});
  Client& client = service.world.connect();
  for (int i = 0; i < 3; i++) {
    client.send("GET / HT");
    service.world.settle();
    client.send(get("/").substr(8));
    service.world.settle();
    CHECK(client.answer().status == 200);
  }
  client.send("GET / HT");
  service.world.until_ended(client);
  CHECK(client.answer().status == 408);
  CHECK(service.world.ended_with(CloseReason::header_timeout));
}

TEST_CASE("http/limits: a body that comes too slowly") {
  for (const char* target : {"/", "/upload"}) {
    Service service({.body_rate_bytes_s = 1000, .body_window_ms = 20});
    Client& client = service.world.connect();
    client.send(post(target, "Content-Length: 100\r\n", std::string(19, 'b')));
    service.world.until_ended(client);
    CHECK(client.answer().status == 408);
    CHECK(service.world.ended_with(CloseReason::body_timeout));
    CHECK(service.aborted == (std::string(target) == "/upload"));
  }
}

TEST_CASE("http/limits: a body that comes fast enough may take many windows") {
  Service service({.body_rate_bytes_s = 1000, .body_window_ms = 20});
  Client& client = service.world.connect();
  client.send(post("/upload", "Transfer-Encoding: chunked\r\n", ""));
  uint64_t end_ms = service.now_ms() + 100;
  service.world.until([&] { return service.now_ms() > end_ms; }, [&] {
    client.send("14\r\n" + std::string(20, 'b') + "\r\n");
  });
  CHECK(client.received.empty());
  client.send("0\r\n\r\n");
  service.world.settle();
  CHECK(client.answer().body == "up");
}

TEST_CASE("http/limits: a client that asks for nothing is left without an answer") {
  Service service({.idle_time_ms = 20});
  Client& silent = service.world.connect();
  service.world.until_ended(silent);
  CHECK(silent.received.empty());
  CHECK(service.world.ended_with(CloseReason::idle_timeout));

  Service again({.idle_time_ms = 20});
  Client& client = again.world.connect();
  client.send(get("/"));
  again.world.until_ended(client);
  CHECK(client.answer().status == 200);
  CHECK(again.world.ended_with(CloseReason::idle_timeout));
}

TEST_CASE("http/limits: a client that takes no byte of its answer") {
  Service service({.write_stall_ms = 30});
  Client& client = service.world.connect();
  client.reads = false;
  client.send(get("/size/4000000"));
  service.world.until([&] { return service.world.connections() == 0; });
  CHECK(service.world.closed(CloseReason::write_stalled) == 1);
  client.reads = true;
  service.world.until_ended(client);
  CHECK(client.received.size() < 4'000'000);
}

TEST_CASE("http/limits: a connection has so many requests, in whatever form they come") {
  const std::string requests[] = {get("/"), post_sized("/", 3), post_chunked("/", 3),
                                  post_sized("/upload", 3), get("/nowhere")};
  for (const std::string& request : requests)
    for (size_t cut : {size_t{0}, request.size() - 1}) {
      CAPTURE(request);
      CAPTURE(cut);
      Service service({.requests = 3});
      Client& client = service.world.connect();
      for (int number = 1; number <= 3; number++) {
        CHECK(!client.ended);
        client.send(request.substr(0, cut));
        service.world.settle();
        client.send(request.substr(cut));
        service.world.settle();
        CHECK(client.answer().closes() == (number == 3));
      }
      CHECK(client.ended);
      CHECK(service.world.ended_with(CloseReason::finished));
    }
}

TEST_CASE("http/limits: of pipelined requests only so many are answered") {
  Service service({.requests = 3});
  Client& client = service.world.connect();
  for (int i = 0; i < 10; i++) client.send(get("/"));
  service.world.settle();
  CHECK(client.answers().size() == 3);
  CHECK(client.ended);
  CHECK(service.world.ended_with(CloseReason::finished));
}

TEST_CASE("http/limits: answers that wait to be sent") {
  size_t whole = 0;
  {
    Service service({});
    Client& client = service.world.connect();
    client.send(get("/size/100000"));
    service.world.settle();
    whole = client.received.size();
  }
  for (size_t missing : {0, 1}) {
    Service service({.queue_bytes = static_cast<uint32_t>(whole - missing)});
    Client& client = service.world.connect();
    client.send(get("/size/100000"));
    service.world.settle();
    CHECK(client.received.size() == (missing ? 0 : whole));
    CHECK(client.ended == (missing > 0));
    CHECK(service.world.closed(CloseReason::queue_full) == missing);
  }
}

TEST_CASE("http/limits: a handler that writes too much is told so") {
  Service service({.queue_bytes = 50'000});
  Client& client = service.world.connect();
  client.send(get("/size/60000?write"));
  service.world.settle();
  CHECK(!service.written);
  CHECK(client.ended);
  CHECK(service.world.closed(CloseReason::queue_full) == 1);
  CHECK(service.world.ask(get("/size/40000?write")).status == 0);
  CHECK(service.written);
  CHECK(service.world.closed(CloseReason::handler_failed) == 1);
}

TEST_CASE("http/limits: pipelined requests wait until the answers before them are taken") {
  Service service({.queue_bytes = 2'000'000});
  Client& client = service.world.connect();
  client.reads = false;
  for (int i = 0; i < 40; i++) client.send(get("/size/" + std::to_string(300'000 + i)));
  service.world.settle();
  CHECK(service.world.connections() == 1);
  CHECK(service.world.life.requests.value() < 10);
  client.reads = true;
  service.world.settle();
  std::vector<Answer> answers = client.answers();
  REQUIRE(answers.size() == 40);
  for (size_t i = 0; i < 40; i++) CHECK(answers[i].body.size() == 300'000 + i);
  client.send(get("/size/7"));
  service.world.settle();
  CHECK(client.answer().body == "xxxxxxx");
}

TEST_CASE("http/limits: pipelined requests that wait are answered even if the client will send no more") {
  Service service({});
  Client& client = service.world.connect();
  client.reads = false;
  for (int i = 0; i < 20; i++) client.send(get("/size/300000"));
  service.world.settle();
  client.finish();
  service.world.settle();
  client.reads = true;
  service.world.settle();
  CHECK(client.answers().size() == 20);
  CHECK(client.ended);
  CHECK(service.world.ended_with(CloseReason::peer_closed));
}
