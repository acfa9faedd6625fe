#include "net/posted_connection.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "answers.h"
#include "http/http_service.h"
#include "http/late_answers.h"
#include "net/posted_fixture.h"
#include "routes_of.h"
#include "temp_dir.h"

using namespace oklo;
using End = net::Carrier::End;

namespace {

// HTTP in a worker whose requests come from a gate: each connection here lives for one of them.
struct PostedHttp : PostedNet {
  Router site;
  HttpLimits limits;
  http::LateAnswers late_answers;
  http::HttpService service{routes_of(site), limits, life, nullptr};
  Endpoint endpoint = pool.make_endpoint(service);
  std::vector<RequestId> ids;  // of answers that come later

  PostedHttp() {
    endpoint.kind = ConnectionKind::http;
    carrier.when_settled = [](net::PostedConnection& one) {
      if (http::HttpService::answered(one)) one.let_go(CloseReason::finished);
    };
    site.get("/", [](const Request& request, Response& response) { response.text(request.peer()); });
    site.get("/late", [this](const Request&, Response& response) { ids.push_back(response.later()); });
    site.get("/soon", [this](const Request&, Response& response) { ids.push_back(response.later(20)); });
    site.get("/events", [this](const Request&, Response& response) { ids.push_back(response.events()); });
  }
  ~PostedHttp() {
    pool.abort_all();
    turn();
  }

  // A request that is there whole, or its first bytes.
  void ask(std::string_view bytes) {
    open(endpoint);
    feed(bytes);
  }
  void feed(std::string_view bytes) {
    CHECK(connection->feed(bytes));
    turn();
  }
  void get(const std::string& target) { ask("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n"); }
  // All that was sent since the last call, which must be one answer.
  Answer answer() {
    std::string bytes = std::exchange(carrier.sent, {});
    AnswerReader reader(bytes);
    if (reader.at_end()) return {};
    Answer answer = reader.next();
    CHECK(reader.at_end());
    return answer;
  }
  bool answer_later(std::string_view body) {
    bool called = oklo::answer(ids.back(), [body](Response& response) { response.text(body); });
    turn();
    return called;
  }
};

std::string post(size_t size, const std::string& fields = "") {
  return "POST /up HTTP/1.1\r\nHost: a\r\n" + fields + "Content-Length: " + std::to_string(size) + "\r\n\r\n";
}

}  // namespace

TEST_CASE("http/posted: a request is answered, and its connection is let go") {
  PostedHttp http;
  http.get("/");
  Answer answer = http.answer();
  CHECK(answer.status == 200);
  CHECK(answer.body == "::9");
  CHECK_FALSE(answer.closes());
  CHECK(http.calls() == "send settled ");
  CHECK(http.pool.empty());
  CHECK(http.life.requests.value() == 1);
  http.get("/nothing");
  CHECK(http.answer().status == 404);
  CHECK_FALSE(http.carrier.is_closed);
}

TEST_CASE("http/posted: the last answer of a connection closes it") {
  PostedHttp http;
  http.ask("GET / HTTP/1.0\r\n\r\n");
  CHECK(http.answer().closes());
  CHECK(http.calls() == "send closed ");
  CHECK(http.carrier.end == End::close);
  CHECK(http.carrier.reason == CloseReason::finished);
  http.ask("GARBAGE\r\n\r\n");
  CHECK(http.answer().status == 400);
  CHECK(http.carrier.end == End::linger);
  CHECK(http.carrier.reason == CloseReason::bad_request);
  CHECK(http.pool.empty());
}

TEST_CASE("http/posted: the limit of requests is that of the connection") {
  PostedHttp http;
  http.limits.requests = 5;
  for (uint32_t counted : {4, 5}) {
    http.connection = http.pool.open(http.endpoint, http.accept(counted));
    REQUIRE(http.connection);
    http.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(http.answer().closes() == (counted == 5));
  }
}

TEST_CASE("http/posted: a late answer finds its connection") {
  PostedHttp http;
  http.get("/late");
  CHECK(http.calls() == "settled took ");
  CHECK(http.pool.size() == 1);
  CHECK(http.answer_later("late"));
  CHECK(http.answer().body == "late");
  CHECK(http.pool.empty());
  CHECK_FALSE(http.answer_later("again"));
}

TEST_CASE("http/posted: a late answer in pieces is one request until it ends") {
  PostedHttp http;
  http.get("/late");
  for (const char* piece : {"a", "b", "c"}) {
    CHECK(oklo::answer(http.ids.back(), [piece](Response& response) { response.write(piece); }));
    http.turn();
    CHECK(http.pool.size() == 1);
    http.confirm();
    CHECK(http.pool.size() == 1);
  }
  CHECK(oklo::answer(http.ids.back(), [](Response& response) { response.end(); }));
  http.turn();
  CHECK(http.answer().body == "abc");
  CHECK(http.pool.empty());
}

TEST_CASE("http/posted: a late answer that is overdue, or whose client is gone") {
  PostedHttp http;
  http.get("/soon");
  http.wait_until([&] { return http.carrier.is_closed; });
  CHECK(http.answer().status == 503);
  http.turn();
  CHECK_FALSE(http.answer_later("too late"));
  http.get("/late");
  http.connection->let_go(CloseReason::peer_reset);
  CHECK_FALSE(http.answer_later("to nobody"));
  CHECK(http.carrier.sent.empty());
}

TEST_CASE("http/posted: a client that has sent its last request gets the late answer") {
  PostedHttp http;
  http.get("/late");
  http.connection->end_of_input();
  http.turn();
  CHECK(http.answer_later("late"));
  CHECK(http.answer().body == "late");
}

TEST_CASE("http/posted: events go out as they come, until the client leaves") {
  PostedHttp http;
  http.get("/events");
  CHECK(http.carrier.sent.find("text/event-stream") != std::string::npos);
  for (int i = 0; i < 3; i++) {
    http.carrier.sent.clear();
    bool sent = false;
    oklo::answer(http.ids.back(), [&](Response& response) { sent = response.event({.data = "x"}); });
    CHECK(sent);
    http.turn();
    CHECK(http.carrier.sent.find("data: x\n") != std::string::npos);
    if (i == 1) http.confirm();
  }
  CHECK(http.pool.size() == 1);
  http.connection->end_of_input();
  http.turn();
  CHECK(http.carrier.reason == CloseReason::peer_closed);
  CHECK(http.pool.empty());
}

TEST_CASE("http/posted: a client that does not take its events in time is given up") {
  PostedHttp http;
  http.endpoint.queue_bytes_max = 10'000;
  http.get("/events");
  std::string data(3000, 'x');
  for (int i = 0; i < 10; i++) {
    oklo::answer(http.ids.back(), [&](Response& response) { response.event({.data = data}); });
    http.turn();
  }
  CHECK(http.carrier.end == End::abort);
  CHECK(http.carrier.reason == CloseReason::queue_full);
  CHECK(http.pool.empty());
}

TEST_CASE("http/posted: an upload comes in pieces, each taken when it was heard") {
  PostedHttp http;
  std::string got, calls;
  UploadHandlers upload;
  upload.on_head = [&](const Request&, Response&) { calls += 'h'; };
  upload.on_piece = [&](const Request& request, std::string_view piece, Response& response) {
    calls += 'p';
    got += piece;
    if (request.has_header("x-refuse") && got.size() > 5) response.fail(507);
  };
  upload.on_end = [&](const Request&, Response& response) { response.text(std::to_string(got.size())); };
  upload.on_abort = [&](const Request&) { calls += 'a'; };
  http.site.upload("/up", std::move(upload));
  std::string text(100'000, 'x'), head = post(text.size());
  http.ask(head);
  for (size_t at = 0; at < text.size(); at += 10'000) {
    CHECK(http.pool.size() == 1);
    http.feed(std::string_view(text).substr(at, 10'000));
    if (at + 10'000 < text.size()) CHECK(http.carrier.taken == head.size() + at + 10'000);
  }
  CHECK(http.answer().body == "100000");
  CHECK(calls == "hpppppppppp");
  CHECK(got == text);
  CHECK(http.pool.empty());

  calls = got = "";
  http.ask(post(100, "Expect: 100-continue\r\n"));
  CHECK(std::exchange(http.carrier.sent, {}) == "HTTP/1.1 100 Continue\r\n\r\n");
  http.feed("some");
  http.connection->let_go(CloseReason::peer_reset);
  http.turn();
  CHECK(calls == "hpa");

  calls = got = "";
  http.ask(post(100, "X-Refuse: 1\r\n") + "much more");
  CHECK(http.answer().status == 507);
  CHECK(http.carrier.end == End::linger);
  CHECK(http.pool.empty());
}

TEST_CASE("http/posted: a form in many pieces") {
  PostedHttp http;
  http.site.form("/up", [](const Request&, const Form& form, Response& response) {
    response.text(form.value("a"));
  });
  std::string body = "a=" + std::string(30'000, 'y');
  http.ask(post(body.size(), "Content-Type: application/x-www-form-urlencoded\r\n"));
  for (size_t at = 0; at < body.size(); at += 7000) http.feed(std::string_view(body).substr(at, 7000));
  CHECK(http.answer().body == body.substr(2));
  CHECK(http.pool.empty());
}

TEST_CASE("http/posted: a file goes as an open fd") {
  PostedHttp http;
  TempDir temp;
  std::string content;
  for (int i = 0; content.size() < 300'000; i++) content += std::to_string(i) + " ";
  temp.file("large", content);
  http.site.get("/file", [&](const Request&, Response& response) {
    CHECK(response.send_file(temp.path() + "/large", 100, 200'000));
  });
  http.get("/file");
  CHECK(http.calls() == "send file settled ");
  CHECK(http.answer().body == content.substr(100, 200'000));
  CHECK(http.pool.empty());
}

TEST_CASE("http/posted: a client that takes a late answer slowly delays what follows it") {
  PostedHttp http;
  http.carrier.when_settled = nullptr;  // as if it were there for all requests of the connection
  http.site.get("/large", [](const Request&, Response& response) {
    response.text(std::string(300'000, 'z'));
  });
  http.get("/large");
  CHECK(http.answer().body.size() == 300'000);
  http.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  http.confirm(100'000);
  CHECK(http.carrier.sent.empty());
  http.confirm();
  CHECK(http.answer().body == "::9");
}

TEST_CASE("http/posted: a handler that forgets to end its answer loses the connection") {
  PostedHttp http;
  http.site.get("/half", [](const Request&, Response& response) { response.write("half"); });
  http.get("/half");
  CHECK(http.carrier.end == End::abort);
  CHECK(http.carrier.reason == CloseReason::handler_failed);
  CHECK(http.carrier.sent.empty());
  CHECK(http.pool.empty());
}

TEST_CASE("http/posted: a worker that stops ends its streams, and finishes what it has") {
  PostedHttp http;
  http.get("/late");
  RequestId late = http.ids.back();
  http.get("/events");
  http.service.drain();
  http.pool.drain(DrainMode::stop);
  http.turn();
  CHECK(http.pool.size() == 1);
  CHECK(http.carrier.sent.ends_with("0\r\n\r\n"));
  http.carrier.sent.clear();
  CHECK(oklo::answer(late, [](Response& response) { response.text("late"); }));
  http.turn();
  CHECK(http.answer().closes());
  CHECK(http.pool.empty());
}
