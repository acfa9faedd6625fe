#include <oklo/router.h>

#include <doctest/doctest.h>

#include "file_tree.h"
#include "http_world.h"
#include "routes_of.h"

using namespace oklo;

namespace {

// A handler that says its name.
Handler says(std::string_view name) {
  return [name](const Request&, Response& response) { response.text(name); };
}

// "STATUS BODY" of the answer to that method and path.
std::string ask(HttpWorld& world, const std::string& method, const std::string& target) {
  Answer answer = world.ask(method + " " + target + " HTTP/1.1\r\nHost: a\r\n\r\n", method == "HEAD");
  return std::to_string(answer.status) + " " + answer.body;
}

std::string allow(HttpWorld& world, const std::string& method, const std::string& target) {
  return world.ask(method + " " + target + " HTTP/1.1\r\nHost: a\r\n\r\n", method == "HEAD").field("allow");
}

constexpr const char* kMethods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

}  // namespace

TEST_CASE("http/router: each method has its own handler") {
  Router site;
  site.get("/", says("GET")).post("/", says("POST")).put("/", says("PUT")).patch("/", says("PATCH"));
  site.del("/", says("DELETE"));
  HttpWorld world(routes_of(site));
  for (std::string method : kMethods) CHECK(ask(world, method, "/") == "200 " + method);
  CHECK(ask(world, "HEAD", "/") == "200 ");
  CHECK(ask(world, "OPTIONS", "/") == "204 ");
  CHECK(allow(world, "OPTIONS", "/") == "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH");
}

TEST_CASE("http/router: other methods of a path that is known get 405 with Allow, other paths 404") {
  Router site;
  site.post("/a/:b", says("post"));
  HttpWorld world(routes_of(site));
  for (std::string method : {"GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE"}) {
    CAPTURE(method);
    CHECK(ask(world, method, "/a/b").starts_with("405 "));
    CHECK(allow(world, method, "/a/b") == "POST, OPTIONS");
  }
  for (std::string method : {"GET", "HEAD", "POST", "OPTIONS", "TRACE"}) {
    CAPTURE(method);
    CHECK(ask(world, method, "/a").starts_with("404 "));
    CHECK(allow(world, method, "/a/b/c") == "(none)");
  }
}

TEST_CASE("http/router: any takes every method but TRACE and CONNECT") {
  Router site;
  site.any("/", [](const Request& request, Response& response) { response.text(request.method()); });
  HttpWorld world(routes_of(site));
  for (std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
    CHECK(ask(world, method, "/") == "200 " + method);
  CHECK(ask(world, "HEAD", "/") == "200 ");
  CHECK(ask(world, "TRACE", "/").starts_with("405 "));
  CHECK(ask(world, "CONNECT", "a:1").starts_with("405 "));
}

TEST_CASE("http/router: a router without a route knows no path") {
  Router site;
  HttpWorld world(routes_of(site));
  for (const char* target : {"/", "/a", "http://b", "//"})
    CHECK(ask(world, "GET", target).starts_with("404 "));
  CHECK(ask(world, "CONNECT", "a:1").starts_with("404 "));
  CHECK(ask(world, "OPTIONS", "*") == "204 ");
}

TEST_CASE("http/router: the most literal pattern wins, in whatever order they were added") {
  const char* patterns[] = {"/a/b", "/a/:x", "/a/*y", "/*z"};
  int order[] = {0, 1, 2, 3};
  do {
    Router site;
    for (int i : order) site.get(patterns[i], says(patterns[i]));
    HttpWorld world(routes_of(site));
    CHECK(ask(world, "GET", "/a/b") == "200 /a/b");
    CHECK(ask(world, "GET", "/a/c") == "200 /a/:x");
    CHECK(ask(world, "GET", "/a/b/c") == "200 /a/*y");
    CHECK(ask(world, "GET", "/a/") == "200 /a/*y");
    CHECK(ask(world, "GET", "/a") == "200 /*z");
    CHECK(ask(world, "GET", "/%61/%62") == "200 /a/b");
    CHECK(ask(world, "GET", "/a/b?query") == "200 /a/b");
    CHECK(ask(world, "GET", "http://host/a/b") == "200 /a/b");
  } while (std::next_permutation(std::begin(order), std::end(order)));
}

TEST_CASE("http/router: many patterns are all found") {
  Router site;
  for (int i = 0; i < 300; i++)
    site.get("/path/" + std::to_string(i * i), [i](const Request&, Response& response) {
      response.text(std::to_string(i));
    });
  HttpWorld world(routes_of(site));
  for (int i = 0; i < 300; i++) {
    CHECK(ask(world, "GET", "/path/" + std::to_string(i * i)) == "200 " + std::to_string(i));
    CHECK(ask(world, "GET", "/path/" + std::to_string(i * i + 2)).starts_with("404 "));
  }
}

TEST_CASE("http/router: files at a prefix, beside handlers") {
  FileTree tree;
  tree.file("root/index.html", "front\n");
  tree.file("root/a.txt", "aaaa");
  tree.directory("root/sub");
  tree.file("root/sub/b.txt", "bbbb");
  for (std::string prefix : {"/", "/down", "/down/"}) {
    CAPTURE(prefix);
    Router site;
    site.files(prefix, tree.root()).get("/down/hello", says("hello")).post("/down/a.txt", says("post"));
    std::vector<int> keep;
    auto opened = routes_of(site).open_files();
    REQUIRE(opened);
    routes_of(site).adopt_files(std::move(*opened), keep);
    CHECK(keep.size() == 1);
    HttpWorld world(routes_of(site));
    std::string base = prefix == "/" ? "" : "/down";
    CHECK(ask(world, "GET", base + "/") == "200 front\n");
    CHECK(ask(world, "GET", base + "/sub/b.txt") == "200 bbbb");
    CHECK(ask(world, "HEAD", base + "/sub/b.txt") == "200 ");
    CHECK(ask(world, "GET", base + "/nope").starts_with("404 "));
    CHECK(ask(world, "GET", "/down/hello") == "200 hello");
    CHECK(ask(world, "PUT", base + "/sub/b.txt").starts_with("405 "));
    if (prefix == "/down") CHECK(ask(world, "GET", "/down").starts_with("301 "));
    Answer moved = world.ask("GET " + base + "/sub HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(moved.status == 301);
    CHECK(moved.field("location") == base + "/sub/");
  }
}

TEST_CASE("http/router: a directory with its options") {
  FileTree tree;
  tree.file("root/start.htm", "start");
  tree.directory("root/sub");
  for (bool listing : {false, true}) {
    Router site;
    site.files("/", tree.root(), {.index = "start.htm", .listing = listing});
    std::vector<int> keep;
    auto opened = routes_of(site).open_files();
    REQUIRE(opened);
    routes_of(site).adopt_files(std::move(*opened), keep);
    HttpWorld world(routes_of(site));
    CHECK(ask(world, "GET", "/") == "200 start");
    CHECK(ask(world, "GET", "/sub/").starts_with(listing ? "200 " : "403 "));
  }
}

TEST_CASE("http/router: a directory that is missing is an error that names it") {
  FileTree tree;
  Router site;
  site.files("/a", tree.root()).files("/b", tree / "nowhere");
  std::vector<int> keep;
  auto opened = routes_of(site).open_files();
  REQUIRE(!opened);
  CHECK(opened.error().text.find("nowhere") != std::string::npos);
}

TEST_CASE("http/router: status answers with what the worker knows, and is not kept by anyone") {
  Router site;
  site.status("/status.json");
  routes_of(site).sources.status = [] { return std::string("{\"a\":1}"); };
  HttpWorld world(routes_of(site));
  Answer answer = world.ask("GET /status.json HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.body == "{\"a\":1}");
  CHECK(answer.field("content-type") == "application/json");
  CHECK(answer.field("cache-control") == "no-store");
}

TEST_CASE("http/router: metrics are text for Prometheus") {
  Router site;
  site.metrics("/metrics");
  routes_of(site).sources.metrics = [] { return std::string("a 1\n"); };
  HttpWorld world(routes_of(site));
  Answer answer = world.ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.body == "a 1\n");
  CHECK(answer.field("content-type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(answer.field("cache-control") == "no-store");
}

TEST_CASE("http/router: connections are asked for by the query, and what it can't say is 400") {
  Router site;
  site.connections("/connections");
  std::string asked;
  routes_of(site).sources.connections = [&asked](std::string_view words) -> Result<std::string> {
    asked = words;
    if (words == "bad") return Error{0, "no"};
    return std::string("{}");
  };
  HttpWorld world(routes_of(site));
  Answer answer = world.ask("GET /connections?sort=queue&limit=2 HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.body == "{}");
  CHECK(asked == "sort=queue limit=2");
  CHECK(world.ask("GET /connections HTTP/1.1\r\nHost: a\r\n\r\n").status == 200);
  CHECK(asked.empty());
  CHECK(world.ask("GET /connections?bad HTTP/1.1\r\nHost: a\r\n\r\n").status == 400);
}

TEST_CASE("http/router: healthz is always well, readyz as long as the service is") {
  Router site;
  site.healthz("/healthz").readyz("/readyz");
  bool ready = true;
  routes_of(site).sources.ready = [&ready] { return ready; };
  HttpWorld world(routes_of(site));
  auto status_of = [&world](const std::string& path) {
    return world.ask("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n").status;
  };
  CHECK(status_of("/healthz") == 200);
  CHECK(status_of("/readyz") == 200);
  ready = false;
  CHECK(status_of("/healthz") == 200);
  CHECK(status_of("/readyz") == 503);
}

TEST_CASE("http/router: what tells of the service is for this host, unless everybody may see it") {
  Router site;
  site.status("/own").status("/all", {.everybody = true});
  routes_of(site).sources.status = [] { return std::string("{}"); };
  HttpWorld world(routes_of(site));
  auto status_of = [&world](const char* path, const char* from) {
    Client& client = world.connect(from ? sys::Address::parse(from).value() : sys::Address());
    client.send(std::string("GET ") + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
    world.settle();
    return client.answer().status;
  };
  for (const char* from : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"})
    CHECK(status_of("/own", from) == 200);
  CHECK(status_of("/own", nullptr) == 200);
  for (const char* from : {"192.0.2.1:1", "128.0.0.1:1", "[2001:db8::1]:1", "[::ffff:10.0.0.1]:1"}) {
    CHECK(status_of("/own", from) == 403);
    CHECK(status_of("/all", from) == 200);
  }
}

TEST_CASE("http/router: a pattern that is malformed is told, the first one") {
  const char* good[] = {"/", "/a/", "/:a", "/*a", "/a/:b/*c", "/a*b", "/a:b"};
  const char* bad[] = {"", "a", "*", "/*a/b", "/*a/"};
  for (const char* pattern : good) {
    Router site;
    site.get(pattern, says("x"));
    CHECK_MESSAGE(routes_of(site).check().ok(), pattern);
  }
  for (const char* pattern : bad) {
    Router site;
    site.get("/", says("x")).get(pattern, says("x")).get("later", says("x"));
    Result<void> checked = routes_of(site).check();
    REQUIRE(!checked);
    CHECK(checked.error().text.find("\"" + std::string(*pattern ? pattern : "(empty)") + "\"") !=
          std::string::npos);
  }
}

TEST_CASE("http/router: what was added stays with a router that is moved") {
  Router first;
  first.get("/a", says("a"));
  Router second = std::move(first);
  second.get("/b", says("b"));
  Router third;
  third.get("/c", says("c"));
  third = std::move(second);
  HttpWorld world(routes_of(third));
  CHECK(ask(world, "GET", "/a") == "200 a");
  CHECK(ask(world, "GET", "/b") == "200 b");
  CHECK(ask(world, "GET", "/c").starts_with("404 "));
}
