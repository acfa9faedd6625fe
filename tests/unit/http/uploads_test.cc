#include <oklo/router.h>

#include <doctest/doctest.h>

#include "http_world.h"
#include "routes_of.h"

using namespace oklo;

namespace {

// What belongs to one upload; it must travel with the request.
struct Sum {
  uint32_t pieces;
  uint32_t bytes;
  char first;
};

// A world whose uploads tell what is called, in order: 'h' head, 'p' piece, 'e' end, 'a' abort.
struct Service {
  explicit Service(const HttpLimits& limits = {}) : world(routes_of(make_site()), {limits}) {}

  Router& make_site() {
    UploadHandlers upload;
    upload.on_head = [this](const Request& request, Response& response) { on_head(request, response); };
    upload.on_piece = [this](const Request& request, std::string_view piece, Response& response) {
      on_piece(request, piece);
      if (request.query() == "full" && content.size() >= 5) response.fail(507);
    };
    upload.on_end = [this](const Request& request, Response& response) { on_end(request, response); };
    upload.on_abort = [this](const Request& request) {
      calls += 'a';
      CHECK(request.state<Sum>().bytes == content.size());
      CHECK(request.param("name") == "a b");
    };
    site.upload("/up/:name", std::move(upload));
    site.upload("/bare", {});
    UploadHandlers ends;
    ends.on_end = [](const Request&, Response& response) { response.text("end"); };
    site.upload("/ends", std::move(ends));
    site.get("/", [](const Request&, Response& response) { response.text("home"); });
    return site;
  }

  void on_head(const Request& request, Response& response) {
    calls += 'h';
    CHECK(request.body().empty());
    CHECK(request.state<Sum>().bytes == 0);
    if (request.query() == "refuse") return response.fail(403);
    response.header("X-Head", "seen");
  }
  void on_piece(const Request& request, std::string_view piece) {
    CHECK(!piece.empty());
    if (!calls.ends_with('p')) calls += 'p';
    Sum& sum = request.state<Sum>();
    if (sum.pieces++ == 0) sum.first = piece[0];
    sum.bytes += static_cast<uint32_t>(piece.size());
    content += piece;
  }
  void on_end(const Request& request, Response& response) {
    calls += 'e';
    const Sum& sum = request.state<Sum>();
    CHECK(sum.bytes == content.size());
    CHECK((content.empty() || sum.first == content[0]));
    CHECK(request.body().empty());
    response.text(request.method(), " ", request.param("name"), " ", request.header("x-field"), " ",
                  request.trailer("x-sum"), " ", std::to_string(sum.bytes));
  }

  // Sends these pieces, each in turns of its own, from a new client.
  Client& send(const std::vector<std::string>& pieces) {
    calls.clear();
    content.clear();
    Client& client = world.connect();
    for (const std::string& piece : pieces) {
      client.send(piece);
      world.settle();
    }
    return client;
  }

  Router site;
  std::string calls;
  std::string content;
  HttpWorld world;
};

std::string head(const std::string& fields, const std::string& target = "/up/a%20b") {
  return "PUT " + target + " HTTP/1.1\r\nHost: a\r\nX-Field: f\r\n" + fields + "\r\n";
}

const std::string kSized = head("Content-Length: 11\r\n") + "hello world";
const std::string kChunked =
    head("Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 3\r\n\r\n";

}  // namespace

TEST_CASE("http/uploads: head, pieces and end come in order, whole, byte by byte and in two pieces") {
  Service service;
  for (const std::string& request : {kSized, kChunked}) {
    std::string wanted = "PUT a b f " + std::string(request == kChunked ? "3" : "") + " 11";
    std::vector<std::vector<std::string>> ways = {{request}, {}};
    for (char c : request) ways[1].emplace_back(1, c);
    for (size_t at = 1; at < request.size(); at++)
      ways.push_back({request.substr(0, at), request.substr(at)});
    for (const auto& pieces : ways) {
      Client& client = service.send(pieces);
      CHECK(service.calls == "hpe");
      CHECK(service.content == "hello world");
      Answer answer = client.answer();
      CHECK(answer.body == wanted);
      CHECK(answer.field("x-head") == "seen");
      CHECK(!answer.closes());
      client.go_away();
      service.world.settle();
    }
  }
}

TEST_CASE("http/uploads: an empty body has no pieces") {
  Service service;
  for (const std::string& request : {head("Content-Length: 0\r\n"), head(""),
                                     head("Transfer-Encoding: chunked\r\n") + "0\r\n\r\n"}) {
    CHECK(service.send({request}).answer().body.ends_with(" 0"));
    CHECK(service.calls == "he");
  }
}

TEST_CASE("http/uploads: a large body passes through in pieces that are small") {
  Service service({.body_bytes = 10});
  std::string body;
  for (int i = 0; body.size() < 1'000'000; i++) body += std::to_string(i);
  Client& client = service.send({head("Content-Length: " + std::to_string(body.size()) + "\r\n") + body});
  CHECK(service.content == body);
  CHECK(client.answer().body == "PUT a b f  " + std::to_string(body.size()));
}

TEST_CASE("http/uploads: requests behind an upload are answered after it") {
  Service service;
  const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  for (size_t at : {size_t{0}, kSized.size() - 1, kSized.size()}) {
    Client& client = service.send({(kSized + get).substr(0, at), (kSized + get).substr(at)});
    std::vector<Answer> answers = client.answers();
    REQUIRE(answers.size() == 2);
    CHECK(answers[0].body == "PUT a b f  11");
    CHECK(answers[1].body == "home");
  }
}

TEST_CASE("http/uploads: an answer to the head refuses the body and ends the connection") {
  Service service;
  std::string request = head("Content-Length: 5\r\n", "/up/a%20b?refuse") + "hello";
  for (size_t at = 0; at < request.size(); at++) {
    CAPTURE(at);
    Client& client = service.send({request.substr(0, at), request.substr(at) + kSized});
    CHECK(service.calls == "h");
    Answer answer = client.answer();
    CHECK(answer.status == 403);
    CHECK(answer.closes());
    CHECK(client.ended);
    client.go_away();
    service.world.settle();
  }
}

TEST_CASE("http/uploads: an answer to a piece refuses the rest, ends the connection, is cleaned up after") {
  Service service;
  for (const std::string& sent : {kSized, kChunked}) {
    std::string request = sent + kSized;
    request.replace(request.find(" HTTP"), 0, "?full");
    for (size_t at = 0; at < request.size() - kSized.size(); at++) {
      CAPTURE(at);
      Client& client = service.send({request.substr(0, at), request.substr(at)});
      Answer answer = client.answer();
      CHECK(answer.status == 507);
      CHECK(answer.closes());
      CHECK(client.ended);
      client.go_away();
      service.world.settle();
      CHECK(service.calls == "hpa");
    }
  }
}

TEST_CASE("http/uploads: a handler of pieces that needs no response gets none") {
  std::string content;
  PieceHandler handler = [&content](const Request&, std::string_view piece) { content += piece; };
  PieceHandler moved = std::move(handler);
  CHECK(!handler);
  CHECK(!PieceHandler(nullptr));
  Router site;
  UploadHandlers upload;
  upload.on_piece = std::move(moved);
  upload.on_end = [](const Request&, Response& response) { response.send("end"); };
  site.upload("/up/:name", std::move(upload));
  HttpWorld world(routes_of(site));
  CHECK(world.ask(kSized).body == "end");
  CHECK(content == "hello world");
}

TEST_CASE("http/uploads: a client that waits for leave to send gets it, or a refusal instead") {
  Service service;
  std::string expect = "Expect: 100-continue\r\nContent-Length: 11\r\n";
  Client& client = service.send({head(expect)});
  CHECK(client.answer().status == 100);
  client.send("hello world");
  service.world.settle();
  CHECK(client.answer().status == 200);
  CHECK(service.calls == "hpe");
  Client& refused = service.send({head(expect, "/up/a%20b?refuse")});
  CHECK(refused.answer().status == 403);
  CHECK(refused.ended);
}

TEST_CASE("http/uploads: a client that goes away in the middle is told of, once") {
  Service service;
  for (const std::string& request : {kSized, kChunked})
    for (size_t at = request.find("\r\n\r\n") + 4; at < request.size(); at++) {
      CAPTURE(at);
      Client& client = service.send({request.substr(0, at)});
      client.go_away();
      service.world.settle();
      CHECK(service.calls == (service.content.empty() ? "ha" : "hpa"));
    }
}

TEST_CASE("http/uploads: a client that only stops sending in the middle is told of too") {
  Service service;
  Client& client = service.send({kSized.substr(0, kSized.size() - 1)});
  client.finish();
  service.world.settle();
  CHECK(service.calls == "hpa");
  CHECK(client.ended);
  CHECK(client.received.empty());
}

TEST_CASE("http/uploads: chunks that are wrong end the upload") {
  Service service;
  Client& client = service.send({head("Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n", "x"});
  CHECK(client.answer().status == 400);
  CHECK(service.world.ended_with(CloseReason::bad_request));
  CHECK(service.calls == "hpa");
}

TEST_CASE("http/uploads: uploads that a worker leaves unfinished are told of") {
  Service service;
  service.send({kSized.substr(0, kSized.size() - 1)});
  service.world.abort_all();
  CHECK(service.calls == "hpa");
  CHECK(service.world.closed(CloseReason::aborted) == 1);
}

TEST_CASE("http/uploads: two uploads at once do not mix") {
  Service service;
  Client* clients[2];
  std::string parts[2][2] = {{"hello", " world"}, {"", "HELLO WORLD"}};
  std::string received[2];
  for (int i = 0; i < 2; i++) clients[i] = &service.send({head("Content-Length: 11\r\n")});
  for (int turn = 0; turn < 2; turn++)
    for (int i = 0; i < 2; i++) {
      service.content = received[i];
      clients[i]->send(parts[i][turn]);
      service.world.settle();
      received[i] = service.content;
    }
  for (int i = 0; i < 2; i++) {
    CHECK(received[i] == parts[i][0] + parts[i][1]);
    CHECK(clients[i]->answer().body == "PUT a b f  11");
  }
}

TEST_CASE("http/uploads: every handler but the last may be missing") {
  Service service;
  for (size_t cut : {0u, 2u}) {
    std::string ends = head("Content-Length: 5\r\n", "/ends") + "hello";
    CHECK(service.send({ends.substr(0, ends.size() - cut), ends.substr(ends.size() - cut)}).answer().body ==
          "end");
    std::string bare = head("Content-Length: 5\r\n", "/bare") + "hello";
    CHECK(service.send({bare.substr(0, bare.size() - cut), bare.substr(bare.size() - cut)}).answer().status ==
          500);
    service.send({bare.substr(0, bare.size() - 1)}).go_away();
    service.world.settle();
  }
}

TEST_CASE("http/uploads: POST and PUT alone lead to an upload") {
  Service service;
  for (const char* method : {"POST", "PUT"})
    CHECK(service.send({method + kSized.substr(3)}).answer().status == 200);
  CHECK(service.send({"GET" + head("").substr(3)}).answer().field("allow") == "POST, PUT, OPTIONS");
}
