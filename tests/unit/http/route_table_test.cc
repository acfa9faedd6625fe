#include <doctest/doctest.h>

#include "http/allow.h"
#include "http/route_table.h"

using oklo::codec::Method;
using oklo::http::Exchange;
using oklo::http::Route;
using oklo::http::RouteTable;

namespace {

constexpr RouteTable::Methods kGet = RouteTable::bit(Method::get);
constexpr RouteTable::Methods kPost = RouteTable::bit(Method::post);

// An exchange whose request has that method and path.
struct Asked {
  explicit Asked(std::string_view of, Method method = Method::get) : path(of) {
    exchange.head.base = path.data();
    exchange.head.path_size = static_cast<uint16_t>(path.size());
    exchange.head.method = method;
  }
  std::string path;
  Exchange exchange;
};

const Route* found(const RouteTable& table, std::string_view path, Method method = Method::get) {
  Asked asked(path, method);
  table.find(asked.exchange);
  return asked.exchange.route;
}

std::string param(const RouteTable& table, std::string_view path, std::string_view name) {
  Asked asked(path);
  table.find(asked.exchange);
  return std::string(asked.exchange.request().param(name));
}

}  // namespace

TEST_CASE("http/route_table: a literal path leads to its route and to no other") {
  RouteTable table;
  Route& root = table.add(kGet, "/");
  Route& about = table.add(kGet, "/about");
  Route& deep = table.add(kGet, "/a/b/c");
  CHECK(found(table, "/") == &root);
  CHECK(found(table, "/about") == &about);
  CHECK(found(table, "/a/b/c") == &deep);
  for (const char* path : {"/about/", "/abou", "/aboutt", "/a", "/a/b", "/a/b/c/", "/a/b/c/d", "//", "*"})
    CHECK_MESSAGE(found(table, path) == nullptr, path);
}

TEST_CASE("http/route_table: the most literal pattern wins, in whatever order they were added") {
  for (bool reversed : {false, true}) {
    RouteTable table;
    const char* patterns[] = {"/user/me", "/user/:name", "/user/*rest", "/*all"};
    Route* routes[4];
    for (int i = 0; i < 4; i++) {
      int at = reversed ? 3 - i : i;
      routes[at] = &table.add(kGet, patterns[at]);
    }
    CHECK(found(table, "/user/me") == routes[0]);
    CHECK(found(table, "/user/you") == routes[1]);
    CHECK(found(table, "/user/you/more") == routes[2]);
    CHECK(found(table, "/user/") == routes[2]);
    CHECK(found(table, "/user") == routes[3]);
    CHECK(found(table, "/") == routes[3]);
  }
}

TEST_CASE("http/route_table: it comes back from a part that led nowhere") {
  RouteTable table;
  table.add(kGet, "/a/b/c");
  Route& wide = table.add(kGet, "/:x/b/d");
  CHECK(found(table, "/a/b/d") == &wide);
  CHECK(param(table, "/a/b/d", "x") == "a");
}

TEST_CASE("http/route_table: parameters are decoded, and an empty part is none") {
  RouteTable table;
  table.add(kGet, "/hello/:name");
  table.add(kGet, "/get/:a/:b");
  table.add(kGet, "/files/*path");
  CHECK(param(table, "/hello/world", "name") == "world");
  CHECK(param(table, "/hello/w%C3%B6rld%20%2F", "name") == "w\xC3\xB6rld /");
  CHECK(param(table, "/hello/%zz", "name") == "%zz");
  CHECK(param(table, "/hello/world", "other").empty());
  CHECK(found(table, "/hello/") == nullptr);
  CHECK(param(table, "/get/1/2", "a") == "1");
  CHECK(param(table, "/get/1/2", "b") == "2");
  CHECK(param(table, "/files/a/b.txt", "path") == "a/b.txt");
  CHECK(param(table, "/files/", "path").empty());
}

TEST_CASE("http/route_table: an escaped letter is the letter") {
  RouteTable table;
  Route& route = table.add(kGet, "/file");
  CHECK(found(table, "/%66ile") == &route);
  CHECK(found(table, "/%46ile") == nullptr);
}

TEST_CASE("http/route_table: methods are told apart, and those of a path are known") {
  RouteTable table;
  Route& get = table.add(kGet, "/x");
  Route& post = table.add(kPost, "/x");
  CHECK(found(table, "/x", Method::get) == &get);
  CHECK(found(table, "/x", Method::head) == &get);
  CHECK(found(table, "/x", Method::post) == &post);
  Asked asked("/x", Method::del);
  CHECK(table.find(asked.exchange) == (kGet | kPost));
  CHECK(asked.exchange.route == nullptr);
  CHECK(oklo::http::allow_value(kGet | kPost) == "GET, HEAD, POST, OPTIONS");
  CHECK(oklo::http::allow_value(RouteTable::bit(Method::del)) == "DELETE, OPTIONS");
  Asked unknown("/y");
  CHECK(table.find(unknown.exchange) == 0);
}

TEST_CASE("http/route_table: a malformed pattern is an error at start, and matches nothing") {
  for (const char* pattern : {"", "x", "/a/*b/c", "*all"}) {
    RouteTable table;
    table.add(kGet, pattern);
    CHECK_FALSE(table.check());
    CHECK(found(table, "/a/b/c") == nullptr);
  }
  RouteTable good;
  CHECK_FALSE(good.check());
  good.add(kGet, "/a/*b").handler = [](const oklo::Request&, oklo::Response&) {};
  CHECK(good.check());
}

TEST_CASE("http/route_table: files answer below their prefix with and without a slash") {
  RouteTable table;
  table.add_files("/downloads", "/nonexistent", {});
  Asked with("/downloads/a/b");
  CHECK(table.find(with.exchange) == kGet);
  CHECK(with.exchange.mount_rest == "/a/b");
  Asked without("/downloads");
  CHECK(table.find(without.exchange) == kGet);
  CHECK(without.exchange.mount_rest.empty());
  CHECK(found(table, "/download") == nullptr);

  RouteTable all;
  all.add_files("/", "/nonexistent", {});
  Asked root("/");
  all.find(root.exchange);
  CHECK(root.exchange.mount_rest == "/");
}

TEST_CASE("http/route_table: a directory that is missing keeps those that are open") {
  RouteTable table;
  table.add_files("/", "/nonexistent/directory", {});
  std::vector<int> keep;
  CHECK_FALSE(table.open_files());
  CHECK(keep.empty());
}
