#include <oklo/request.h>

#include <doctest/doctest.h>

#include "http_world.h"
#include "routes_of.h"

using namespace oklo;

namespace {

using Look = Function<void(const Request&)>;

// Lets `look` see the request that these bytes are, twice: whole, and with its last byte later.
void look_at(const std::string& bytes, Look look, std::string_view pattern = "/*rest",
             const sys::Address& peer = {}) {
  Router site;
  int calls = 0;
  site.any(pattern, [&](const Request& request, Response& response) {
    calls++;
    look(request);
    response.send("");
  });
  HttpWorld world(routes_of(site));
  for (size_t cut : {size_t{0}, size_t{1}}) {
    Client& client = world.connect(peer);
    client.send(bytes.substr(0, bytes.size() - cut));
    world.settle();
    client.send(bytes.substr(bytes.size() - cut));
    world.settle();
    CHECK(client.answer().status == 200);
  }
  CHECK(calls == 2);
}

std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: a.example:8080\r\n" + fields + "\r\n";
}

std::string post(const std::string& fields, const std::string& body) {
  return "POST /a HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}

// All that visitors are shown, as text.
std::string shown(const Request& request,
                  void (Request::*walk)(const Function<void(std::string_view, std::string_view)>&) const) {
  std::string all;
  (request.*walk)([&all](std::string_view name, std::string_view value) {
    all.append(name).append("=").append(value).append(";");
  });
  return all;
}

}  // namespace

TEST_CASE("http/request: the parts of the target") {
  struct { const char *target, *path, *query, *host; } cases[] = {
      {"/", "/", "", "a.example:8080"},
      {"/a/b%20c?d=e&f=%2F?g", "/a/b%20c", "d=e&f=%2F?g", "a.example:8080"},
      {"/a?", "/a", "", "a.example:8080"},
      {"//a/../b", "//a/../b", "", "a.example:8080"},
      {"http://b.example", "/", "", "b.example"},
      {"http://b.example:81/x?y", "/x", "y", "b.example:81"},
      {"HTTP://[::1]/x", "/x", "", "[::1]"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.target);
    look_at(get(c.target), [&](const Request& request) {
      CHECK(request.method() == "GET");
      CHECK(request.target() == c.target);
      CHECK(request.path() == c.path);
      CHECK(request.query() == c.query);
      CHECK(request.host() == c.host);
      CHECK(request.minor_version() == 1);
    });
  }
}

TEST_CASE("http/request: HTTP/1.0 needs no host") {
  look_at("DELETE /a HTTP/1.0\r\n\r\n", [](const Request& request) {
    CHECK(request.method() == "DELETE");
    CHECK(request.minor_version() == 0);
    CHECK(request.host().empty());
  });
}

TEST_CASE("http/request: fields are found by name in any case, the first one wins") {
  look_at(get("/", "X-One: 1\r\nx-one: 2\r\nX-Empty:\r\nX-Blank: \t a b \t \r\nCookie: c\r\n"
                   "User-Agent: \xe9\r\n"),
          [](const Request& request) {
            CHECK(request.header("X-ONE") == "1");
            CHECK(request.header("x-blank") == "a b");
            CHECK(request.header("cookie") == "c");
            CHECK(request.header("User-Agent") == "\xe9");
            CHECK(request.header("HOST") == "a.example:8080");
            CHECK(request.header("X-Empty").empty());
            CHECK(request.has_header("x-empty"));
            CHECK(request.header("X-None").empty());
            CHECK(!request.has_header("X-None"));
            CHECK(!request.has_header("X-On"));
            CHECK(!request.has_header(""));
          });
}

TEST_CASE("http/request: headers visits every field in the order in which they came") {
  look_at(get("/", "B: 2\r\nA: 1\r\nb: 3\r\nRange: x\r\nRange: y\r\n"), [](const Request& request) {
    std::string all;
    request.headers([&all](std::string_view name, std::string_view value) {
      all.append(name).append("=").append(value).append(";");
    });
    CHECK(all == "Host=a.example:8080;B=2;A=1;b=3;Range=x;Range=y;");
  });
  look_at("GET / HTTP/1.0\r\n\r\n", [](const Request& request) {
    request.headers([](std::string_view, std::string_view) { FAIL("there is none"); });
  });
}

TEST_CASE("http/request: params are what the pattern matched, decoded") {
  struct { const char *target, *a, *rest; } cases[] = {
      {"/x/one/two/three", "one", "two/three"},
      {"/x/a%20b/%41%2f%c3%a9", "a b", "A/\xc3\xa9"},
      {"/x/%zz/100%", "%zz", "100%"},
      {"/x/+/", "+", ""},
      {"/x/a%20rather%20long%20name%20that%20takes%20memory/c", "a rather long name that takes memory", "c"},
      {"/x/a%00b/c", nullptr, "c"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.target);
    auto look = [&](const Request& request) {
      CHECK(request.param("a") == (c.a ? std::string_view(c.a) : std::string_view("a\0b", 3)));
      CHECK(request.param("rest") == c.rest);
      CHECK(request.param("b").empty());
      CHECK(request.param("A").empty());
    };
    look_at(get(c.target), look, "/x/:a/*rest");
    look_at("POST " + std::string(c.target) + " HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", look,
            "/x/:a/*rest");
  }
}

TEST_CASE("http/request: the body, with a length, in chunks, and none") {
  std::string binary("a\0\r\n\r\nb\xff", 8);
  auto is_binary = [&](const Request& request) { CHECK(request.body() == binary); };
  look_at(post("Content-Length: 8\r\n", binary), is_binary);
  std::string chunks = "3\r\n" + binary.substr(0, 3) + "\r\n5\r\n" + binary.substr(3) + "\r\n0\r\n\r\n";
  look_at(post("Transfer-Encoding: chunked\r\n", chunks), is_binary);
  look_at(post("", ""), [](const Request& request) { CHECK(request.body().empty()); });
  std::string large(300'000, 'l');
  look_at(post("Content-Length: 300000\r\n", large),
          [&](const Request& request) { CHECK(request.body() == large); });
}

TEST_CASE("http/request: trailers, where they are allowed") {
  look_at(post("Transfer-Encoding: chunked\r\nX-Head: h\r\n",
               "1\r\na\r\n0\r\nX-Sum:  1 2 \r\nx-sum: 3\r\nContent-Length: 9\r\nX-Empty:\r\n\r\n"),
          [](const Request& request) {
            CHECK(request.trailer("x-SUM") == "1 2");
            CHECK(request.trailer("content-length").empty());
            CHECK(request.trailer("X-Empty").empty());
            CHECK(request.trailer("X-Head").empty());
            CHECK(request.header("X-Sum").empty());
          });
  look_at(get("/"), [](const Request& request) { CHECK(request.trailer("X").empty()); });
}

TEST_CASE("http/request: trailers of one request are not those of the next") {
  Router site;
  std::string seen;
  site.post("/a", [&seen](const Request& request, Response& response) {
    seen.append(request.trailer("x")).append(",").append(request.body()).append(";");
    response.send("");
  });
  HttpWorld world(routes_of(site));
  Client& client = world.connect();
  client.send(post("Transfer-Encoding: chunked\r\n", "1\r\na\r\n0\r\nX: 1\r\n\r\n") +
              post("Transfer-Encoding: chunked\r\n", "1\r\nb\r\n0\r\n\r\n") + post("", "") +
              post("Content-Length: 1\r\n", "c"));
  world.settle();
  CHECK(seen == "1,a;,b;,;,c;");
}

TEST_CASE("http/request: the peer's address") {
  for (std::string host : {"192.0.2.1", "2001:db8::1"}) {
    std::string text = host.find(':') == host.npos ? host : "[" + host + "]";
    look_at(get("/"), [&](const Request& request) { CHECK(request.peer() == host); }, "/*rest",
            sys::Address::parse(text + ":1234").value());
  }
  look_at(get("/"), [](const Request& request) { CHECK(request.peer() == "unix"); });
}

TEST_CASE("http/request: state is zeroed memory for each request") {
  struct State {
    char bytes[oklo::kStateBytes];
  };
  Router site;
  int calls = 0;
  site.any("/a", [&calls](const Request& request, Response& response) {
    calls++;
    State& state = request.state<State>();
    for (char& byte : state.bytes) CHECK(byte == 0);
    for (char& byte : state.bytes) byte = 'x';
    CHECK(&request.state<State>() == &state);
    response.send("");
  });
  HttpWorld world(routes_of(site));
  Client& client = world.connect();
  for (int i = 0; i < 2; i++) {
    client.send(post("", "") + post("Content-Length: 1\r\n", ""));
    world.settle();
    client.send("b" + post("Transfer-Encoding: chunked\r\n", "0\r\n\r\n"));
    world.settle();
  }
  CHECK(calls == 6);
}

TEST_CASE("http/request: the pairs of the query, decoded") {
  look_at(get("/?a=1&b=x+y%26%3d&a=2&c&=n&%61=3&d=&bad=%zz%4&&nul=%00"), [](const Request& request) {
    CHECK(request.query_param("a") == "1");
    CHECK(request.query_param("b") == "x y&=");
    CHECK(request.query_param("c") == "");
    CHECK(request.query_param("d") == "");
    CHECK(request.query_param("") == "n");
    CHECK(request.query_param("bad") == "%zz%4");
    CHECK(request.query_param("nul") == std::string(1, '\0'));
    CHECK(!request.query_param("A"));
    CHECK(!request.query_param("e"));
    CHECK(request.query_values("a") == std::vector<std::string>{"1", "2", "3"});
    CHECK(request.query_values("e").empty());
    CHECK(shown(request, &Request::query_params) ==
          "a=1;b=x y&=;a=2;c=;=n;a=3;d=;bad=%zz%4;nul=" + std::string(1, '\0') + ";");
  });
  for (const char* target : {"/", "/?", "/?&&"})
    look_at(get(target), [](const Request& request) {
      CHECK(!request.query_param(""));
      CHECK(shown(request, &Request::query_params).empty());
    });
}

TEST_CASE("http/request: cookies of all fields, as they were sent") {
  look_at(get("/", "Cookie: a=1; b=\"x y\";c=%20; =n; d\r\ncookie: a=2; e=f=g; A=3\r\nX-Cookie: z=1\r\n"),
          [](const Request& request) {
            CHECK(request.cookie("a") == "1");
            CHECK(request.cookie("A") == "3");
            CHECK(request.cookie("b") == "\"x y\"");
            CHECK(request.cookie("c") == "%20");
            CHECK(request.cookie("e") == "f=g");
            CHECK(!request.cookie("d"));
            CHECK(!request.cookie("z"));
            CHECK(!request.cookie(""));
            CHECK(shown(request, &Request::cookies) == "a=1;b=\"x y\";c=%20;a=2;e=f=g;A=3;");
          });
  look_at(get("/"), [](const Request& request) {
    CHECK(!request.cookie("a"));
    CHECK(shown(request, &Request::cookies).empty());
  });
}

TEST_CASE("http/request: the media type is without its parameters") {
  auto is = [](const std::string& fields, std::string_view wanted) {
    look_at(get("/", fields), [wanted](const Request& request) { CHECK(request.content_type() == wanted); });
  };
  is("", "");
  is("Content-Type: Text/HTML\r\n", "Text/HTML");
  is("Content-Type: application/json ; charset=utf-8\r\n", "application/json");
  is("Content-Type: ;\r\n", "");
}

TEST_CASE("http/request: the fields of a form that is there whole") {
  struct { const char *type, *body; } forms[] = {
      {"application/x-www-form-urlencoded", "a=1&b=x+%26&a=2&c="},
      {"Application/X-WWW-Form-Urlencoded; charset=utf-8", "a=1&b=x+%26&a=2&c="},
      {"multipart/form-data; boundary=\"-\"",
       "---\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n"
       "---\r\nContent-Disposition: form-data; name=b\r\n\r\nx &\r\n"
       "---\r\nContent-Disposition: form-data; name=f; filename=n\r\n\r\nfile\r\n"
       "---\r\nContent-Disposition: form-data; name=a\r\n\r\n2\r\n"
       "---\r\nContent-Disposition: form-data; name=c\r\n\r\n\r\n-----"},
  };
  for (const auto& form : forms) {
    CAPTURE(form.type);
    std::string fields = "Content-Type: " + std::string(form.type) + "\r\n";
    std::string size = std::to_string(std::string_view(form.body).size());
    look_at(post(fields + "Content-Length: " + size + "\r\n", form.body), [](const Request& request) {
      CHECK(request.form_param("a") == "1");
      CHECK(request.form_param("b") == "x &");
      CHECK(request.form_param("c") == "");
      CHECK(!request.form_param("f"));
      CHECK(!request.form_param("A"));
      CHECK(request.form_values("a") == std::vector<std::string>{"1", "2"});
      std::string all;
      CHECK(request.form_params([&all](std::string_view name, std::string_view value) {
        all.append(name).append("=").append(value).append(";");
      }));
      CHECK(all == "a=1;b=x &;a=2;c=;");
    });
  }
}

TEST_CASE("http/request: a body that is no form, or not whole, is told of") {
  const std::string part = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n";
  struct { std::string type, body; bool has_a; } bodies[] = {
      {"text/plain", "a=1", false},
      {"", "a=1", false},
      {"multipart/form-data", part + "--b--", false},
      {"multipart/form-data; boundary=b", part, false},
      {"multipart/form-data; boundary=b", part + "--b", true},
      {"multipart/form-data; boundary=b", part + "--b\r\nbad\r\n\r\n", true},
      {"multipart/form-data; boundary=b", "", false},
      {"multipart/form-data; boundary=b", part.substr(0, part.size() - 2), false},
  };
  for (const auto& sent : bodies) {
    CAPTURE(sent.type);
    CAPTURE(sent.body);
    std::string type = sent.type.empty() ? "" : "Content-Type: " + sent.type + "\r\n";
    look_at(post(type + "Content-Length: " + std::to_string(sent.body.size()) + "\r\n", sent.body),
            [&sent](const Request& request) {
              CHECK(!request.form_params([](std::string_view, std::string_view) {}));
              CHECK(request.form_param("a").has_value() == sent.has_a);
              CHECK(request.form_values("a").size() == (sent.has_a ? 1 : 0));
            });
  }
}
