#include "http/form_upload.h"

#include <doctest/doctest.h>

#include "form_text.h"
#include "http_world.h"
#include "routes_of.h"
#include "temp_dir.h"

using namespace oklo;

namespace {

const std::string kParts = "Content-Type: multipart/form-data; boundary=b\r\n";
const std::string kPairs = "Content-Type: application/x-www-form-urlencoded\r\n";

std::string file(const std::string& content) {
  return "--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n" + content + "\r\n";
}

const std::string kField = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n";
const std::string kBody = kField + file("0123456789") + "--b--";
const std::string kText = "a=1;f[x|]0123456789;";
const std::string kHome = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

std::string post(const std::string& fields, const std::string& body, const std::string& method = "POST") {
  return method + " /form HTTP/1.1\r\nHost: a\r\n" + fields + "Content-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string chunked(const std::string& body) {
  std::string text = "POST /form HTTP/1.1\r\nHost: a\r\n" + kParts + "Transfer-Encoding: chunked\r\n\r\n";
  for (char c : body) text.append("1\r\n").append(1, c).append("\r\n");
  return text + "0\r\n\r\n";
}

size_t fd_count() { return sys::open_fds().size(); }

// A world with one form, whose files of more than five bytes lie on the disk.
struct Service {
  explicit Service(const FormOptions& options = {}, const HttpLimits& limits = {})
      : world(routes_of(make_site(options)), {limits}) {}

  Router& make_site(FormOptions options) {
    options.memory_bytes = 5;
    options.directory = dir.path();
    site.form("/form", [this](const Request& request, const Form& form, Response& response) {
      calls++;
      struct State {
        char bytes[oklo::kStateBytes];
      };
      for (char byte : request.state<State>().bytes) CHECK(byte == 0);
      CHECK(request.body().empty());
      response.text(text_of(form));
    }, options);
    site.get("/", [](const Request&, Response& response) { response.text("home"); });
    return site;
  }

  // A client that has sent these pieces, each in turns of its own.
  Client& send(const std::vector<std::string>& pieces) {
    Client& client = world.connect();
    for (const std::string& piece : pieces) {
      client.send(piece);
      world.settle();
    }
    return client;
  }
  void end(Client& client) {
    client.go_away();
    world.settle();
  }

  TempDir dir;
  Router site;
  int calls = 0;
  HttpWorld world;
};

}  // namespace

TEST_CASE("http/form_upload: a form comes whole, byte by byte and split at each place") {
  Service service;
  size_t fds = fd_count();
  for (const std::string& request : {post(kParts, kBody), chunked(kBody), post(kParts, kBody, "PUT")}) {
    std::vector<std::vector<std::string>> all = {{request + kHome}, {}};
    for (char c : request + kHome) all[1].emplace_back(1, c);
    for (size_t at = 1; at < request.size(); at++)
      all.push_back({request.substr(0, at), request.substr(at) + kHome});
    for (const auto& pieces : all) {
      Client& client = service.send(pieces);
      std::vector<Answer> answers = client.answers();
      REQUIRE(answers.size() == 2);
      CHECK(answers[0].body == kText);
      CHECK(answers[1].body == "home");
      service.end(client);
    }
  }
  CHECK(fd_count() == fds);
  CHECK(service.world.ask(post(kPairs, "a=1&b=%2B")).body == "a=1;b=+;");
  CHECK(service.world.ask(post(kPairs, "")).body.empty());
}

TEST_CASE("http/form_upload: what is no form is refused before its body comes") {
  Service service;
  struct { std::string fields; int status; } cases[] = {
      {"", 415}, {"Content-Type: application/json\r\n", 415}, {"Content-Type: multipart/form-data\r\n", 400}};
  for (const auto& c : cases)
    for (size_t held_back : {0u, 2u}) {
      std::string request = post(c.fields, "{}");
      Client& client = service.send({request.substr(0, request.size() - held_back)});
      Answer answer = client.answer();
      CHECK(answer.status == c.status);
      CHECK(answer.closes());
      CHECK(client.ended);
      service.end(client);
    }
  CHECK(service.calls == 0);
}

TEST_CASE("http/form_upload: over a limit or malformed it is refused in the middle, and nothing stays") {
  Service service({.field_bytes = 3});
  size_t fds = fd_count();
  const std::string large = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1234\r\n--b--";
  const std::string bad = "--b\r\nContent-Disposition: nothing\r\n\r\n1\r\n--b--";
  for (const auto& [body, status] : {std::pair(file("0123456789") + large, 413),
                                     std::pair(file("0123456789") + bad, 400)}) {
    std::string request = post(kParts, body);
    for (size_t at = 0; at < request.size(); at++) {
      CAPTURE(at);
      Client& client = service.send({request.substr(0, at), request.substr(at) + kHome});
      Answer answer = client.answer();
      CHECK(answer.status == status);
      CHECK(answer.closes());
      CHECK(fd_count() <= fds + 2);  // two ends of the connection
      service.end(client);
      CHECK(fd_count() == fds);
    }
  }
  CHECK(service.calls == 0);
}

TEST_CASE("http/form_upload: a body that ends too early gets 400, and the connection goes on") {
  Service service;
  size_t fds = fd_count();
  Client& client = service.send({post(kParts, kBody.substr(0, kBody.size() - 1)) + kHome});
  std::vector<Answer> answers = client.answers();
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].status == 400);
  CHECK(answers[1].body == "home");
  service.end(client);
  CHECK(fd_count() == fds);
}

TEST_CASE("http/form_upload: the whole body has a limit, and bodies over that of handlers are taken") {
  Service service({}, {.body_bytes = 10, .upload_bytes = kBody.size()});
  CHECK(service.world.ask(post(kParts, kBody)).body == kText);
  CHECK(service.world.ask(chunked(kBody)).body == kText);
  CHECK(service.world.ask(post(kParts, kBody + " ")).status == 413);
  CHECK(service.world.ask(chunked(kBody + " ")).status == 413);
}

TEST_CASE("http/form_upload: a client that goes away in the middle leaves neither fd nor name") {
  Service service;
  size_t fds = fd_count();
  for (const std::string& request : {post(kParts, kBody), chunked(kBody)})
    for (size_t at = request.find("\r\n\r\n"); at < request.size(); at++) {
      CAPTURE(at);
      service.end(service.send({request.substr(0, at)}));
      CHECK(fd_count() == fds);
    }
  CHECK(service.calls == 0);
  sys::Fd dir;
  REQUIRE(sys::open_to_read(service.dir.path().c_str(), dir) >= 0);
  CHECK(sys::list_directory(dir.get(), 10).value().empty());
}

TEST_CASE("http/form_upload: a worker that leaves lets go of what has not come whole") {
  Service service;
  size_t fds = fd_count();
  std::string request = post(kParts, kBody);
  Client& client = service.send({request.substr(0, request.size() - 3)});
  CHECK(fd_count() == fds + 3);  // two ends of the connection, and a file
  service.world.abort_all();
  service.end(client);
  CHECK(fd_count() == fds);
}

TEST_CASE("http/form_upload: two forms at once do not mix") {
  Service service;
  std::string first = post(kParts, kBody), second = post(kPairs, "x=1&y=2");
  Client& one = service.send({first.substr(0, first.size() - 30)});
  Client& two = service.send({second.substr(0, second.size() - 3)});
  one.send(first.substr(first.size() - 30));
  two.send(second.substr(second.size() - 3));
  service.world.settle();
  CHECK(one.answer().body == kText);
  CHECK(two.answer().body == "x=1;y=2;");
}

TEST_CASE("http/form_upload: a client that waits for leave to send gets it, or a refusal") {
  Service service;
  std::string request = post("Expect: 100-continue\r\n" + kParts, kBody);
  size_t head = request.find("\r\n\r\n") + 4;
  Client& client = service.send({request.substr(0, head)});
  CHECK(client.answer().status == 100);
  client.send(request.substr(head));
  service.world.settle();
  CHECK(client.answer().body == kText);
  std::string refused = post("Expect: 100-continue\r\nContent-Type: text/plain\r\n", kBody);
  CHECK(service.send({refused.substr(0, refused.find("\r\n\r\n") + 4)}).answer().status == 415);
}

TEST_CASE("http/form_upload: other methods get 405, and a handler that does not answer 500") {
  Service service;
  service.site.form("/silent", [](const Request&, const Form&, Response&) {});
  CHECK(service.world.ask("GET /form HTTP/1.1\r\nHost: a\r\n\r\n").field("allow") == "POST, PUT, OPTIONS");
  std::string request = post(kPairs, "a=1");
  CHECK(service.world.ask("POST /silent" + request.substr(10)).status == 500);
}

TEST_CASE("http/form_upload: a form may be answered later, when its files are gone") {
  Service service;
  RequestId id;
  service.site.form("/late", [&id](const Request&, const Form& form, Response& response) {
    CHECK(form.value("a") == "1");
    id = response.later();
  }, {.memory_bytes = 5, .directory = service.dir.path()});
  size_t fds = fd_count();
  std::string request = post(kParts, kBody);
  request.replace(request.find("form"), 4, "late");
  for (size_t held_back : {0u, 2u}) {
    Client& client = service.send({request.substr(0, request.size() - held_back),
                                   request.substr(request.size() - held_back)});
    CHECK(client.received.empty());
    CHECK(fd_count() == fds + 2);  // two ends of the connection
    CHECK(answer(id, [](Response& response) { response.text("late"); }));
    service.world.settle();
    CHECK(client.answer().body == "late");
    service.end(client);
  }
}
