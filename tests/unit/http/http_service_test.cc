#include "http/http_service.h"

#include <doctest/doctest.h>

#include "http_world.h"
#include "routes_of.h"

using namespace oklo;

namespace {

const std::string kHost = "Host: a.example\r\n";

Router make_site() {
  Router site;
  site.get("/", [](const Request&, Response& response) { response.text("home"); });
  site.any("/method", [](const Request& request, Response& response) { response.text(request.method()); });
  site.get("/target/*rest", [](const Request& request, Response& response) {
    response.text(request.path(), " ", request.query(), " ", request.target(), " ", request.host());
  });
  site.get("/agent", [](const Request& request, Response& response) {
    response.text(request.header("user-agent"));
  });
  site.post("/echo", [](const Request& request, Response& response) { response.text(request.body()); });
  site.post("/trailer", [](const Request& request, Response& response) {
    response.text(request.body(), " ", request.trailer("x-sum"), " ", request.trailer("host"));
  });
  site.get("/pieces", [](const Request&, Response& response) {
    for (const char* piece : {"one ", "", "two"}) CHECK(response.write(piece));
    response.trailer("X-Sum", "7");
    response.end();
  });
  site.get("/nothing", [](const Request&, Response&) {});
  site.get("/teapot", [](const Request&, Response& response) { response.fail(418); });
  site.get("/split", [](const Request&, Response& response) {
    bool taken = response.header("X-One", "1\r\nX-Two: 2") || response.header("X: Y\r\nX-Two", "2");
    response.text(taken ? "taken" : "refused");
  });
  return site;
}

// What a client sends, and how the answers look: "STATUS BODY", with a '!' where it is the last one of its
// connection. The connection ends in these cases, and stays open else.
struct Vector {
  std::string request;
  std::vector<std::string> answers;
  bool ends = false;
};

std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\n" + kHost + fields + "\r\n";
}

std::string post(const std::string& target, const std::string& fields, const std::string& body) {
  return "POST " + target + " HTTP/1.1\r\n" + kHost + fields + "\r\n" + body;
}

const std::string kBrowser =
    "GET /agent HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:115.0)\r\n"
    "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate, br\r\nDNT: 1\r\nConnection: keep-alive\r\nCookie: a=b; c=\"d e\"\r\n"
    "Upgrade-Insecure-Requests: 1\r\n\r\n";
const std::string kChunks =
    "5;a=b;c=\"d\\\"e\"\r\nhello\r\n00A\r\n0123456789\r\n0;last\r\nX-Sum: 15\r\nHost: evil\r\n\r\n";

std::vector<Vector> good_vectors() {
  return {
      {get("/"), {"200 home"}},
      {"\r\n\r\n" + get("/"), {"200 home"}},
      {kBrowser, {"200 Mozilla/5.0 (X11; Linux x86_64; rv:115.0)"}},
      {"OPTIONS /echo HTTP/1.1\r\n" + kHost + "\r\n", {"204 "}},
      {"OPTIONS * HTTP/1.1\r\n" + kHost + "\r\n", {"204 "}},
      {"DELETE /method HTTP/1.1\r\n" + kHost + "\r\n", {"200 DELETE"}},
      {post("/echo", "Content-Length: 5\r\n", "hello"), {"200 hello"}},
      {post("/echo", "Content-Length: 0\r\n", ""), {"200 "}},
      {post("/echo", "", ""), {"200 "}},
      {post("/trailer", "Transfer-Encoding: chunked\r\n", kChunks), {"200 hello0123456789 15 "}},
      {post("/echo", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"), {"200 "}},
      {get("/pieces"), {"200 one two"}},
      {get("/") + post("/echo", "Content-Length: 3\r\n", "abc") + get("/teapot") + get("/pieces") + get("/"),
       {"200 home", "200 abc", "418 418 I'm a teapot\n", "200 one two", "200 home"}},
      {post("/echo", "Transfer-Encoding: chunked\r\n", "1\r\na\r\n0\r\n\r\n") + "\r\n" + get("/"),
       {"200 a", "200 home"}},
      {get("http://b.example:81/target/x?y=1"),
       {"200 /target/x y=1 http://b.example:81/target/x?y=1 b.example:81"}},
      {get("http://b.example"), {"200 home"}},
      {"GET / HTTP/1.0\r\n\r\n", {"200 home!"}, true},
      {"GET /pieces HTTP/1.0\r\n\r\n", {"200 one two!"}, true},
      {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
       {"200 home", "200 home!"}, true},
      {get("/", "Connection: close\r\n") + get("/"), {"200 home!"}, true},
      {get("/", "Connection: x, Close\r\n"), {"200 home!"}, true},
      {get("/nothing"), {"500 500 Internal Server Error\n"}},
      {get("/split"), {"200 refused"}},
      {get("/nowhere"), {"404 404 Not Found\n"}},
      {get("/echo"), {"405 405 Method Not Allowed\n"}},
      {post("/nowhere", "Content-Length: 3\r\n", "abc") + get("/"), {"404 404 Not Found\n", "200 home"}},
      {"TRACE / HTTP/1.1\r\n" + kHost + "\r\n", {"405 405 Method Not Allowed\n"}},
      {"TRACE /method HTTP/1.1\r\n" + kHost + "\r\n", {"405 405 Method Not Allowed\n"}},
      {"CONNECT a.example:443 HTTP/1.1\r\n" + kHost + "\r\n", {"405 405 Method Not Allowed\n"}},
  };
}

// Each is refused with this answer and the end of the connection, whatever stands behind it.
std::vector<Vector> bad_vectors() {
  const std::string bad = "400 400 Bad Request\n!";
  std::vector<Vector> vectors = {
      {"GET\r\n\r\n", {bad}, true},
      {"GET / HTTP/1.1\n\n", {bad}, true},
      {"GET / HTTP/1.1\r\n\r\n", {bad}, true},
      {get("/", kHost), {bad}, true},
      {get("/", "Bad Name: 1\r\n"), {bad}, true},
      {get("/", "X: a\r\n b\r\n"), {bad}, true},
      {get("/a b"), {bad}, true},
      {get("*"), {bad}, true},
      {post("/echo", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "abc"), {bad}, true},
      {post("/echo", "Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), {bad}, true},
      {post("/echo", "Content-Length: -1\r\n", ""), {bad}, true},
      {post("/echo", "Transfer-Encoding: chunked\r\n", "x\r\n"), {bad}, true},
      {post("/echo", "Transfer-Encoding: chunked\r\n", "1\r\nab\r\n"), {bad}, true},
      {post("/echo", "Transfer-Encoding: gzip\r\n", ""), {"501 501 Not Implemented\n!"}, true},
      {"BREW / HTTP/1.1\r\n" + kHost + "\r\n", {"501 501 Not Implemented\n!"}, true},
      {"GET / HTTP/2.0\r\n" + kHost + "\r\n", {"505 505 HTTP Version Not Supported\n!"}, true},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {"505 505 HTTP Version Not Supported\n!"}, true},
      {get("/", "Expect: coffee\r\n"), {"417 417 Expectation Failed\n!"}, true},
  };
  for (Vector& vector : vectors) vector.request += get("/");
  vectors.push_back({get("/") + "\x16\x03\x01\x02", {"200 home", bad}, true});
  return vectors;
}

std::string rendered(const Answer& answer) {
  return std::to_string(answer.status) + " " + answer.body + (answer.closes() ? "!" : "");
}

// What comes back from a fresh connection to which these pieces are sent, each in turns of its own.
struct Conversation {
  Conversation(HttpWorld& world, const std::vector<std::string_view>& pieces) {
    Client& client = world.connect();
    for (std::string_view piece : pieces) {
      client.send(piece);
      world.settle();
    }
    text = client.text();
    ended = client.ended;
    for (const Answer& answer : client.answers()) answers.push_back(rendered(answer));
    client.go_away();
    world.settle();
  }
  std::string text;
  std::vector<std::string> answers;
  bool ended;
};

void check_in_pieces(HttpWorld& world, const Vector& vector) {
  CAPTURE(vector.request);
  std::string_view all = vector.request;
  Conversation whole(world, {all});
  CHECK(whole.answers == vector.answers);
  CHECK(whole.ended == vector.ends);

  std::vector<std::string_view> bytes;
  for (size_t i = 0; i < all.size(); i++) bytes.push_back(all.substr(i, 1));
  Conversation slow(world, bytes);
  CHECK(slow.text == whole.text);
  CHECK(slow.ended == vector.ends);
  for (size_t at = 1; at < all.size(); at++) {
    CAPTURE(at);
    Conversation split(world, {all.substr(0, at), all.substr(at)});
    CHECK(split.text == whole.text);
    CHECK(split.ended == vector.ends);
  }
  CHECK(world.connections() == 0);
}

// A world with the site above.
struct Service {
  explicit Service(const HttpLimits& limits = {}) : site(make_site()), world(routes_of(site), {limits}) {}
  Router site;
  HttpWorld world;
};

}  // namespace

TEST_CASE("http/http_service: requests are answered alike whole, byte by byte and in two pieces") {
  Service service;
  for (const Vector& vector : good_vectors()) check_in_pieces(service.world, vector);
}

TEST_CASE("http/http_service: bad requests are refused alike whole, byte by byte and in two pieces") {
  Service service;
  for (const Vector& vector : bad_vectors()) {
    uint64_t before = service.world.closed(CloseReason::bad_request);
    check_in_pieces(service.world, vector);
    CHECK(service.world.closed(CloseReason::bad_request) - before == vector.request.size() + 1);
  }
}

TEST_CASE("http/http_service: every answer says when and by whom it was made") {
  Service service;
  for (const char* target : {"/", "/pieces", "/nowhere"}) {
    Answer answer = service.world.ask(get(target));
    std::string date = answer.field("date");
    CHECK(date.size() == 29);
    CHECK(date.ends_with(" GMT"));
    CHECK(answer.field("server") == "oklo");
    CHECK(answer.field("connection") == "(none)");
  }
  CHECK(service.world.ask("\r\r").field("date").ends_with(" GMT"));
}

TEST_CASE("http/http_service: HEAD gets the fields of GET, and the next answer follows at once") {
  Service service;
  for (const char* target : {"/", "/pieces", "/nowhere", "/teapot"}) {
    CAPTURE(target);
    std::string head = "HEAD " + std::string(target) + " HTTP/1.1\r\n" + kHost + "\r\n";
    Answer with_body = service.world.ask(get(target));
    Client& client = service.world.connect();
    client.send(head + get("/"));
    service.world.settle();
    AnswerReader reader(client.received);
    Answer answer = reader.next(true);
    CHECK(answer.status == with_body.status);
    CHECK(answer.fields == with_body.fields);
    CHECK(reader.next().body == "home");
    CHECK(reader.at_end());
  }
}

TEST_CASE("http/http_service: OPTIONS and 405 say what is allowed") {
  Service service;
  auto allow = [&](const std::string& start) {
    return service.world.ask(start + " HTTP/1.1\r\n" + kHost + "\r\n").field("allow");
  };
  CHECK(allow("OPTIONS /echo") == "POST, OPTIONS");
  CHECK(allow("OPTIONS /") == "GET, HEAD, OPTIONS");
  CHECK(allow("OPTIONS *") == "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH");
  CHECK(allow("GET /echo") == "POST, OPTIONS");
  CHECK(allow("TRACE /method") == "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH");
  CHECK(allow("GET /nowhere") == "(none)");
}

TEST_CASE("http/http_service: HTTP/1.0 is told that the connection stays, or that it does not") {
  Service service;
  Answer kept = service.world.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(kept.field("connection") == "keep-alive");
  Answer pieces = service.world.ask("GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(pieces.field("connection") == "close");
  CHECK(pieces.field("transfer-encoding") == "(none)");
  CHECK(pieces.body == "one two");
}

TEST_CASE("http/http_service: chunks end with the trailers of the handler") {
  Service service;
  Answer answer = service.world.ask(get("/pieces"));
  CHECK(answer.field("transfer-encoding") == "chunked");
  CHECK(answer.field("content-length") == "(none)");
  CHECK(answer.trailers == std::map<std::string, std::string>{{"x-sum", "7"}});
}

TEST_CASE("http/http_service: Expect: 100-continue is answered when the client waits, and only then") {
  Service service;
  std::string fields = "Expect: 100-continue\r\nContent-Length: 3\r\n";
  Client& waiting = service.world.connect();
  waiting.send(post("/echo", fields, ""));
  service.world.settle();
  CHECK(waiting.received == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(waiting.answer().status == 100);
  waiting.send("abc" + get("/"));
  service.world.settle();
  std::vector<Answer> answers = waiting.answers();
  REQUIRE(answers.size() == 2);
  CHECK(rendered(answers[0]) == "200 abc");
  CHECK(rendered(answers[1]) == "200 home");

  CHECK(rendered(service.world.ask(post("/echo", fields, "abc"))) == "200 abc");
  Client& begun = service.world.connect();
  begun.send(post("/echo", fields, "a"));
  service.world.settle();
  CHECK(begun.received.empty());
  begun.send("bc");
  service.world.settle();
  CHECK(rendered(begun.answer()) == "200 abc");
}

TEST_CASE("http/http_service: Expect is nothing to HTTP/1.0 or where no body follows") {
  Service service;
  CHECK(service.world.ask(get("/", "Expect: 100-continue\r\n")).status == 200);
  CHECK(service.world.ask(post("/echo", "Expect: 100-continue\r\nContent-Length: 0\r\n", "")).status == 200);
  Client& old = service.world.connect();
  old.send("POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  service.world.settle();
  CHECK(old.received.empty());
}

TEST_CASE("http/http_service: a client that waits to send its body is told at once that it is not wanted") {
  Service service;
  struct { const char* target; int status; } cases[] = {{"/nowhere", 404}, {"/method/x", 404}, {"/", 405}};
  for (auto& c : cases) {
    Answer answer = service.world.ask(post(c.target, "Expect: 100-continue\r\nContent-Length: 3\r\n", ""));
    CHECK(answer.status == c.status);
    CHECK(answer.closes());
  }
}

TEST_CASE("http/http_service: a client that closes its sending side still gets all its answers") {
  Service service;
  Client& client = service.world.connect();
  client.send(get("/") + get("/pieces"));
  service.world.turn();
  client.pump();
  client.finish();
  service.world.settle();
  CHECK(client.answers().size() == 2);
  CHECK(client.ended);
  CHECK(service.world.closed(CloseReason::peer_closed) == 1);
}

TEST_CASE("http/http_service: a client that goes away in the middle leaves nothing behind") {
  Service service;
  const std::string parts[] = {"", "GET / HT", post("/echo", "Content-Length: 9\r\n", "abc"),
                               post("/echo", "Transfer-Encoding: chunked\r\n", "5\r\nab")};
  for (const std::string& part : parts) {
    Client& client = service.world.connect();
    client.send(part);
    service.world.settle();
    CHECK(service.world.connections() == 1);
    client.go_away();
    service.world.settle();
    CHECK(service.world.connections() == 0);
    CHECK(client.received.empty());
  }
  CHECK(service.world.closed(CloseReason::peer_closed) == 4);
}

TEST_CASE("http/http_service: many connections do not mix") {
  Service service;
  std::vector<Client*> clients;
  for (int i = 0; i < 30; i++) clients.push_back(&service.world.connect());
  std::string body = "body 00";
  std::string request = post("/echo", "Content-Length: 7\r\n", "");
  for (size_t at = 0; at < request.size() + body.size(); at++) {
    for (size_t i = 0; i < clients.size(); i++) {
      body[5] = static_cast<char>('0' + i / 10);
      body[6] = static_cast<char>('0' + i % 10);
      clients[i]->send((request + body).substr(at, 1));
    }
    service.world.settle();
  }
  for (size_t i = 0; i < clients.size(); i++)
    CHECK(clients[i]->answer().body == "body " + std::to_string(i / 10) + std::to_string(i % 10));
}

TEST_CASE("http/http_service: what others ask for meanwhile changes no answer to a body in parts") {
  Service service;
  struct { const char *target, *other; } cases[] = {
      {"/", "/nowhere"}, {"/nowhere", "/"}, {"/echo", "/nowhere"}, {"/target/x", "/echo"}};
  for (const auto& c : cases) {
    std::string request = post(c.target, "Content-Length: 2\r\n", "hi");
    Answer alone = service.world.ask(request);
    Client& client = service.world.connect();
    client.send(request.substr(0, request.size() - 1));
    service.world.settle();
    service.world.ask(get(c.other));
    client.send(request.substr(request.size() - 1));
    service.world.settle();
    Answer answer = client.answer();
    CHECK(rendered(answer) == rendered(alone));
    CHECK(answer.field("allow") == alone.field("allow"));
  }
}

TEST_CASE("http/http_service: requests and connections are counted") {
  Service service;
  Client& client = service.world.connect();
  CHECK(service.world.life.connections == 1);
  client.send(get("/") + get("/nowhere") + get("/nothing"));
  service.world.settle();
  CHECK(service.world.life.requests.value() == 3);
  CHECK(service.world.life.accepted.value() == 1);
  CHECK(service.world.life.bytes_in.value() == (get("/") + get("/nowhere") + get("/nothing")).size());
  CHECK(service.world.life.bytes_out.value() == client.received.size());
  client.go_away();
  service.world.settle();
  CHECK(service.world.life.connections == 0);
}
