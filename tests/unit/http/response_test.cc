#include <oklo/response.h>

#include <doctest/doctest.h>

#include <signal.h>

#include "child.h"
#include "http_world.h"
#include "routes_of.h"

using namespace oklo;

namespace {

// What a client gets from that handler. Behind it the client asks for something else on the same
// connection, so that an answer whose frame is wrong shows.
Answer answer_of(Handler handler, const std::string& method = "GET", const std::string& version = "1.1") {
  Router site;
  site.any("/", std::move(handler));
  site.get("/next", [](const Request&, Response& response) { response.send("next"); });
  HttpWorld world(routes_of(site));
  Client& client = world.connect();
  client.send(method + " / HTTP/" + version + "\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  world.settle();
  AnswerReader reader(client.received);
  Answer answer = reader.next(method == "HEAD");
  if (!answer.closes()) CHECK(reader.next().body == "next");
  CHECK(reader.at_end());
  answer.fields.erase("date");
  answer.fields.erase("server");
  return answer;
}

using Fields = std::map<std::string, std::string>;

}  // namespace

TEST_CASE("http/response: send is the whole answer") {
  for (size_t size : {0u, 1u, 4095u, 4096u, 4097u, 16'384u, 500'000u}) {
    CAPTURE(size);
    Answer answer = answer_of([size](const Request&, Response& response) {
      CHECK(!response.finished());
      response.send(std::string(size, 'x'));
      CHECK(response.finished());
    });
    CHECK(answer.status == 200);
    CHECK(answer.body == std::string(size, 'x'));
    CHECK(answer.fields == Fields{{"content-length", std::to_string(size)}});
  }
}

TEST_CASE("http/response: text, html and json say what they are and join their parts") {
  Answer text = answer_of([](const Request&, Response& response) {
    response.text("a", std::string("b"), "");
  });
  CHECK(text.body == "ab");
  CHECK(text.fields == Fields{{"content-type", "text/plain; charset=utf-8"}, {"content-length", "2"}});
  Answer html = answer_of([](const Request&, Response& response) { response.html("<p>"); });
  CHECK(html.field("content-type") == "text/html; charset=utf-8");
  Answer json = answer_of([](const Request&, Response& response) { response.json("{\"a\":", "1}"); });
  CHECK(json.field("content-type") == "application/json");
  CHECK(json.body == "{\"a\":1}");
  Answer empty = answer_of([](const Request&, Response& response) { response.text(); });
  CHECK(empty.field("content-length") == "0");
}

TEST_CASE("http/response: any status from 200 to 599") {
  for (int code : {200, 201, 206, 299, 400, 404, 451, 499, 500, 599})
    CHECK(answer_of([code](const Request&, Response& response) { response.status(code).send("x"); }).status ==
          code);
  for (int code : {-1, 0, 100, 101, 199, 600, 999})
    CHECK(in_child([code] {
            close(STDERR_FILENO);
            signal(SIGABRT, SIG_DFL);
            answer_of([code](const Request&, Response& response) { response.status(code).send("x"); });
            return 0;
          }) == 1000 + SIGABRT);
}

TEST_CASE("http/response: 204 and 304 have no body and no length, however they are answered") {
  const Function<void(Response&)> ways[] = {
      [](Response& response) { response.send("body"); },
      [](Response& response) { response.text("body"); },
      [](Response& response) { response.end(); },
      [](Response& response) {
        response.write("body");
        response.write("more");
        CHECK(!response.trailer("X", "y"));
        response.end();
      },
  };
  for (int code : {204, 304})
    for (const auto& way : ways)
      for (const char* version : {"1.1", "1.0"}) {
        Handler handler = [&](const Request&, Response& response) {
          response.status(code).header("X", "y");
          way(response);
          CHECK(response.finished());
        };
        Answer answer = answer_of(std::move(handler), "GET", version);
        CHECK(answer.status == code);
        answer.fields.erase("connection");
        CHECK(answer.fields == Fields{{"x", "y"}});
      }
}

TEST_CASE("http/response: fields go out as they are, in their order") {
  Answer answer = answer_of([](const Request&, Response& response) {
    CHECK(response.header("X-One", "1"));
    CHECK(response.header("x-one", " 2\t\xe9 "));
    CHECK(response.header("X-Empty", ""));
    CHECK(response.header("Content-Type", "a/b"));
    response.send("");
  });
  CHECK(answer.fields == Fields{{"x-one", "1,  2\t\xe9 "}, {"x-empty", ""}, {"content-type", "a/b"},
                                {"content-length", "0"}});
}

TEST_CASE("http/response: fields that could split the answer or contradict it are left out") {
  using namespace std::string_literals;
  const std::pair<std::string, std::string> refused[] = {
      {"X", "a\r\nY: b"}, {"X", "a\nb"}, {"X", "a\rb"}, {"X", "a\0b"s}, {"X", "\x7f"}, {"X", "\x1b[0m"},
      {"", "a"}, {"X Y", "a"}, {"X:", "a"}, {"X\r\nY", "a"}, {"X\0"s, "a"}, {"\xe9", "a"}, {"X(", "a"},
      {"Content-Length", "5"}, {"content-length", "5"}, {"Transfer-Encoding", "chunked"},
      {"CONNECTION", "close"}, {"Date", "now"}, {"server", "other"},
  };
  Answer answer = answer_of([&](const Request&, Response& response) {
    for (const auto& field : refused) {
      CAPTURE(field.first);
      CHECK(!response.header(field.first, field.second));
    }
    response.send("x");
  });
  CHECK(answer.fields == Fields{{"content-length", "1"}});
}

TEST_CASE("http/response: there is room for so many fields, and what does not fit is told") {
  int taken = 0;
  Answer answer = answer_of([&taken](const Request&, Response& response) {
    while (response.header("X", std::string(96, 'v'))) taken++;
    CHECK(response.header("Y", "z"));
    response.send(std::string(4096, 'b'));
  });
  CHECK(taken > 70);
  CHECK(taken < 90);
  CHECK(answer.field("x").size() == static_cast<size_t>(taken) * 98 - 2);
  CHECK(answer.field("y") == "z");
  CHECK(answer.body.size() == 4096);
}

TEST_CASE("http/response: redirect") {
  Answer found = answer_of([](const Request&, Response& response) { response.redirect("/else?a=b"); });
  CHECK(found.status == 302);
  CHECK(found.fields == Fields{{"location", "/else?a=b"}, {"content-length", "0"}});
  CHECK(answer_of([](const Request&, Response& response) { response.redirect("/", 308); }).status == 308);
  Answer split = answer_of([](const Request&, Response& response) { response.redirect("/\r\nX: y"); });
  CHECK(split.status == 500);
  CHECK(split.field("location") == "(none)");
  CHECK(split.field("x") == "(none)");
}

TEST_CASE("http/response: fail is a short text, with the fields that were set") {
  Answer answer = answer_of([](const Request&, Response& response) {
    response.header("Retry-After", "5");
    response.fail(503);
  });
  CHECK(answer.status == 503);
  CHECK(answer.body == "503 Service Unavailable\n");
  CHECK(answer.fields == Fields{{"retry-after", "5"}, {"content-length", "24"},
                                {"content-type", "text/plain; charset=utf-8"}});
}

TEST_CASE("http/response: write makes chunks, and the end of the connection for HTTP/1.0") {
  Handler handler = [](const Request&, Response& response) {
    response.status(201).header("X", "y");
    CHECK(!response.trailer("X-Early", "1"));
    for (size_t size : {1u, 15u, 16u, 5000u, 0u, 40'000u}) CHECK(response.write(std::string(size, 'p')));
    CHECK(!response.finished());
    response.end();
    CHECK(response.finished());
  };
  Answer chunked = answer_of(std::move(handler));
  CHECK(chunked.status == 201);
  CHECK(chunked.body == std::string(45'032, 'p'));
  CHECK(chunked.fields == Fields{{"x", "y"}, {"transfer-encoding", "chunked"}});
  Answer old = answer_of([](const Request&, Response& response) {
    response.write("one");
    CHECK(!response.trailer("X", "y"));
    response.write("two");
    response.end();
  }, "GET", "1.0");
  CHECK(old.body == "onetwo");
  CHECK(old.fields == Fields{{"connection", "close"}});
}

TEST_CASE("http/response: end alone is an empty body") {
  Answer answer = answer_of([](const Request&, Response& response) { response.end(); });
  CHECK(answer.status == 200);
  CHECK(answer.body.empty());
}

TEST_CASE("http/response: trailers stand between write and end") {
  Answer answer = answer_of([](const Request&, Response& response) {
    response.write("body");
    CHECK(response.trailer("X-Sum", "1"));
    CHECK(response.trailer("X-Other", ""));
    CHECK(!response.trailer("X-Sum", "1\r\nX: y"));
    CHECK(!response.trailer("X Y", "1"));
    response.end();
    CHECK(!response.trailer("X-Late", "1"));
  });
  CHECK(answer.body == "body");
  CHECK(answer.trailers == Fields{{"x-sum", "1"}, {"x-other", ""}});
}

TEST_CASE("http/response: HEAD goes out without its body, whatever the handler sends") {
  Answer sent = answer_of([](const Request&, Response& response) { response.text(std::string(5000, 'x')); },
                          "HEAD");
  CHECK(sent.field("content-length") == "5000");
  Answer written = answer_of([](const Request&, Response& response) {
    CHECK(response.write("body"));
    response.trailer("X", "y");
    response.end();
  }, "HEAD");
  CHECK(written.field("transfer-encoding") == "chunked");
  CHECK(answer_of([](const Request&, Response& response) { response.fail(404); }, "HEAD").status == 404);
}

TEST_CASE("http/response: what comes after the answer is ignored") {
  const Function<void(Response&)> first[] = {
      [](Response& response) { response.text("first"); },
      [](Response& response) { response.write("first"), response.end(); },
      [](Response& response) { response.fail(404); },
      [](Response& response) { response.redirect("/"); },
  };
  for (const auto& begin : first) {
    Answer alone = answer_of([&](const Request&, Response& response) { begin(response); });
    Answer answer = answer_of([&](const Request&, Response& response) {
      begin(response);
      response.status(500);
      CHECK(!response.header("X", "late"));
      response.send("late");
      response.json("late");
      CHECK(!response.write("late"));
      CHECK(!response.trailer("X", "late"));
      response.end();
      response.redirect("/late");
      response.fail(500);
      CHECK(response.finished());
    });
    CHECK(answer.status == alone.status);
    CHECK(answer.fields == alone.fields);
    CHECK(answer.body == alone.body);
    CHECK(answer.trailers.empty());
  }
}

TEST_CASE("http/response: once write has begun the answer, only write, trailer and end go on with it") {
  Answer answer = answer_of([](const Request&, Response& response) {
    response.write("one");
    response.status(500);
    CHECK(!response.header("X", "late"));
    response.send("late");
    response.fail(500);
    response.redirect("/late");
    CHECK(!response.finished());
    CHECK(response.write("two"));
    response.end();
  });
  CHECK(answer.status == 200);
  CHECK(answer.body == "onetwo");
  CHECK(answer.fields == Fields{{"transfer-encoding", "chunked"}});
}

TEST_CASE("http/response: an answer that write began and nobody ended closes the connection") {
  Router site;
  site.get("/", [](const Request&, Response& response) { response.write("half"); });
  HttpWorld world(routes_of(site));
  CHECK(world.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == 0);
  CHECK(world.closed(CloseReason::handler_failed) == 1);
}

TEST_CASE("http/response: a cookie is for the whole site, not for scripts nor for others") {
  Answer answer = answer_of([](const Request&, Response& response) {
    CHECK(response.cookie({.name = "a", .value = "1"}));
    Cookie all = {.name = "b", .value = "\"2\"", .path = "/x", .domain = "a.example", .max_age_s = 60};
    all.secure = true;
    all.http_only = false;
    all.same_site = SameSite::none;
    CHECK(response.cookie(all));
    CHECK(response.cookie({.name = "c", .path = {}, .max_age_s = 0, .same_site = SameSite::strict}));
    CHECK(response.cookie({.name = "d", .http_only = false, .same_site = SameSite::unsaid}));
    response.send("");
    CHECK(!response.cookie({.name = "late"}));
  });
  CHECK(answer.field("set-cookie") ==
        "a=1; Path=/; HttpOnly; SameSite=Lax, "
        "b=\"2\"; Max-Age=60; Path=/x; Domain=a.example; Secure; SameSite=None, "
        "c=; Max-Age=0; HttpOnly; SameSite=Strict, d=; Path=/");
}

TEST_CASE("http/response: a cookie that no client would keep is left out") {
  Answer answer = answer_of([](const Request&, Response& response) {
    const std::string long_value(4096, 'x');
    for (const Cookie& bad : {Cookie{}, Cookie{.name = "a b"}, Cookie{.name = "a", .value = "1;2"},
                              Cookie{.name = "a", .value = "\r\nX: y"}, Cookie{.name = "a", .value = "\xe9"},
                              Cookie{.name = "a", .value = long_value}, Cookie{.name = "a", .path = "x"},
                              Cookie{.name = "a", .path = "/;x"}, Cookie{.name = "a", .domain = "a b"},
                              Cookie{.name = "a", .same_site = SameSite::none}, Cookie{.name = "__Host-a"},
                              Cookie{.name = "__Secure-a"}})
      CHECK(!response.cookie(bad));
    CHECK(response.cookie({.name = "__Host-a", .secure = true}));
    // Fields have a limit together.
    int kept = 0;
    while (kept < 100 && response.cookie({.name = "n", .value = long_value.substr(1000)})) kept++;
    CHECK(kept == 2);
    response.send("");
  });
  CHECK(answer.field("set-cookie").starts_with("__Host-a=; Path=/; Secure; HttpOnly; SameSite=Lax, n=xxx"));
}
