#include "http/late_answers.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "late_world.h"

using namespace oklo;

TEST_CASE("http/late: an answer comes when it is given, and the connection goes on") {
  LateWorld service;
  Client& client = service.get("/late");
  CHECK(client.received.empty());
  CHECK(service.world.life.requests.value() == 0);
  CHECK(service.answer());
  Answer answer = client.answer();
  CHECK(answer.status == 201);
  CHECK(answer.field("x-early") == "set");
  CHECK(answer.body == "late");
  CHECK(!answer.closes());
  CHECK(service.world.life.requests.value() == 1);
  client.send(kNow);
  service.world.settle();
  CHECK(client.answer().body == "now");
}

TEST_CASE("http/late: a request is answered once, and only by its own id") {
  LateWorld service;
  Client& client = service.get("/late");
  RequestId id = service.ids.back();
  CHECK(id);
  CHECK(!RequestId());
  CHECK(!service.answer_to({}));
  CHECK(!service.answer_to({id.connection, id.number + 1}));
  CHECK(!service.answer_to({{id.connection.row, id.connection.generation + 2}, id.number}));
  CHECK(!service.answer_to({{id.connection.row + 1, id.connection.generation}, id.number}));
  CHECK(!service.answer_to({{UINT32_MAX, id.connection.generation}, id.number}));
  CHECK(!service.answer_to({{id.connection.row, 0}, id.number}));
  CHECK(service.answer(std::string_view("late"), false));
  CHECK(!service.answer(std::string_view("again"), false));
  service.world.settle();
  CHECK(!service.answer());
  client.send(kLate);
  service.world.settle();
  CHECK(!(service.ids[1] == id));
  CHECK(!service.answer_to(id, "old"));
  CHECK(service.answer("new"));
  std::vector<Answer> answers = client.answers();
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].body == "late");
  CHECK(answers[1].body == "new");
}

TEST_CASE("http/late: a request that comes in two pieces, cut anywhere") {
  for (size_t cut = 1; cut < kLate.size(); cut++) {
    LateWorld service;
    Client& client = service.world.open(kLate.substr(0, cut));
    client.send(kLate.substr(cut));
    service.world.settle();
    CHECK(service.answer());
    CHECK(client.answer().body == "late");
  }
}

TEST_CASE("http/late: what is pipelined behind waits, and all are answered in order") {
  LateWorld service;
  std::string requests;
  for (int i = 0; i < 100; i++)
    requests += kLate + "GET /now?" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  Client& client = service.world.open(requests);
  for (size_t i = 0; i < 100; i++) {
    REQUIRE(service.ids.size() == i + 1);
    CHECK(service.answer(std::to_string(i)));
  }
  std::vector<Answer> answers = client.answers();
  REQUIRE(answers.size() == 200);
  for (size_t i = 0; i < 100; i++) {
    CHECK(answers[2 * i].body == std::to_string(i));
    CHECK(answers[2 * i + 1].body == "now" + std::to_string(i));
  }
}

TEST_CASE("http/late: no more than a block is read of what comes behind, and none of it is lost") {
  LateWorld service;
  std::string requests = kLate;
  for (int i = 0; i < 3000; i++) requests += kNow;
  Client& client = service.world.open(requests);
  CHECK(service.world.life.bytes_in.value() <= 2 * Block::kBytes);
  CHECK(client.received.empty());
  CHECK(service.answer());
  CHECK(client.answers().size() == 3001);
}

TEST_CASE("http/late: within its handler, within another answer, and from the handler of another request") {
  LateWorld service;
  RequestId kept;
  service.site.get("/self", [&](const Request&, Response& response) {
    kept = response.later();
    CHECK(oklo::answer(kept, [&](Response& same) { same.text("self"); }));
    CHECK(response.finished());
    CHECK(!oklo::answer(kept, [](Response&) {}));
  });
  service.site.get("/give", [&](const Request&, Response& response) {
    CHECK(service.answer_to(service.ids.back(), "given", false));
    response.text("done");
  });
  CHECK(service.get("/self").answer().body == "self");
  CHECK(service.world.life.requests.value() == 1);
  CHECK(!service.answer_to(kept));
  Client& waiting = service.get("/late");
  CHECK(service.get("/give").answer().body == "done");
  CHECK(waiting.answer().body == "given");
  Client& first = service.get("/late");
  Client& second = service.get("/late");
  size_t count = service.ids.size();
  CHECK(oklo::answer(service.ids[count - 2], [&](Response& outer) {
    CHECK(oklo::answer(service.ids[count - 1], [](Response& inner) { inner.text("inner"); }));
    CHECK(oklo::answer(service.ids[count - 2], [](Response& same) { same.header("X-Same", "1"); }));
    outer.text("outer");
  }));
  service.world.settle();
  CHECK(first.answer().field("x-same") == "1");
  CHECK(second.answer().body == "inner");
}

TEST_CASE("http/late: an answer that is given within another call for it is complete after that") {
  LateWorld service;
  Client& client = service.world.open(kLate + kNow);
  CHECK(oklo::answer(service.ids.back(), [&](Response& outer) {
    CHECK(service.answer("inner", false));
    CHECK(outer.finished());
    CHECK(service.world.life.requests.value() == 0);
    CHECK(!service.answer("again", false));
  }));
  service.world.settle();
  std::vector<Answer> answers = client.answers();
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].body == "inner");
  CHECK(service.world.life.requests.value() == 2);
}

TEST_CASE("http/late: a handler that answers after all keeps no promise open") {
  LateWorld service;
  RequestId id;
  service.site.get("/both", [&](const Request&, Response& response) {
    id = response.later();
    CHECK(response.later() == id);
    response.text("at once");
    CHECK(!response.later());
  });
  Client& client = service.get("/both");
  CHECK(client.answer().body == "at once");
  CHECK(!service.answer_to(id));
  client.send(kLate);
  service.world.settle();
  CHECK(!service.answer_to(id));
  CHECK(service.answer());
  CHECK(client.answer().body == "late");
}

TEST_CASE("http/late: an answer may be looked at without being given") {
  LateWorld service;
  Client& client = service.get("/late");
  for (int i = 0; i < 3; i++)
    CHECK(oklo::answer(service.ids.back(), [](Response& response) { CHECK(response.queued() == 0); }));
  service.world.settle();
  CHECK(client.received.empty());
  CHECK(service.answer());
  CHECK(client.answer().body == "late");
}

TEST_CASE("http/late: written piece by piece, over turns") {
  LateWorld service;
  Client& client = service.get("/patient");
  CHECK(client.received.ends_with("3\r\none\r\n"));
  for (const char* piece : {"two", "three"}) {
    CHECK(oklo::answer(service.ids.back(), [&](Response& response) { CHECK(response.write(piece)); }));
    service.world.settle();
    CHECK(client.received.ends_with(std::string(piece) + "\r\n"));
  }
  CHECK(oklo::answer(service.ids.back(), [](Response& response) {
    CHECK(response.trailer("X-Sum", "3"));
    response.end();
  }));
  client.send(kNow);
  service.world.settle();
  std::vector<Answer> answers = client.answers();
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].body == "onetwothree");
  CHECK(answers[0].trailers == std::map<std::string, std::string>{{"x-sum", "3"}});
  CHECK(answers[1].body == "now");
}

TEST_CASE("http/late: to HTTP/1.0 the end of the connection ends what is written") {
  LateWorld service;
  Client& client = service.world.open("GET /patient HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(oklo::answer(service.ids.back(), [](Response& response) { response.write("two"), response.end(); }));
  service.world.settle();
  Answer answer = client.answer();
  CHECK(answer.body == "onetwo");
  CHECK(answer.closes());
  CHECK(client.ended);
  Client& kept = service.world.open("GET /late HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(service.answer());
  CHECK(kept.answer().field("connection") == "keep-alive");
  CHECK(!kept.ended);
}

TEST_CASE("http/late: HEAD gets its head, and the connection goes on") {
  LateWorld service;
  Client& client = service.world.open("HEAD /late HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(service.answer());
  Answer answer = client.answer(true);
  CHECK(answer.status == 201);
  CHECK(answer.field("content-length") == "4");
  client.send("HEAD /patient HTTP/1.1\r\nHost: a\r\n\r\n");
  service.world.settle();
  CHECK(client.answer(true).status == 200);
  CHECK(!service.answer());
  client.send("HEAD /late HTTP/1.1\r\nHost: a\r\n\r\n");
  service.world.settle();
  CHECK(oklo::answer(service.ids.back(), [](Response& response) { CHECK(response.write("part")); }));
  CHECK(!service.answer());
  CHECK(client.answer(true).field("transfer-encoding") == "chunked");
  client.send(kNow);
  service.world.settle();
  CHECK(client.answer().body == "now");
}

TEST_CASE("http/late: a long answer is sent before the next request is read") {
  LateWorld service;
  Client& client = service.world.open(kLate + kNow);
  client.reads = false;
  std::string body(3'000'000, 'x');
  CHECK(service.answer(body));
  CHECK(service.world.life.requests.value() == 1);
  client.reads = true;
  service.world.settle();
  std::vector<Answer> answers = client.answers();
  REQUIRE(answers.size() == 2);
  CHECK(answers[0].body == body);
  CHECK(answers[1].body == "now");
}

TEST_CASE("http/late: behind the body of an upload, and not before") {
  LateWorld service;
  UploadHandlers upload;
  upload.on_head = [&](const Request&, Response& response) {
    CHECK(!response.later());
    CHECK(!response.events());
  };
  upload.on_piece = [&](const Request&, std::string_view, Response& response) { CHECK(!response.later()); };
  upload.on_end = [&](const Request&, Response& response) { service.ids.push_back(response.later()); };
  service.site.upload("/up", std::move(upload));
  service.site.post("/body", [&](const Request& request, Response& response) {
    CHECK(request.body() == "hello");
    service.ids.push_back(response.later());
  });
  for (const char* target : {"/up", "/body"}) {
    std::string request =
        "POST " + std::string(target) + " HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    for (size_t cut = 1; cut <= request.size(); cut++) {
      CAPTURE(cut);
      Client& client = service.world.open(request.substr(0, cut));
      client.send(request.substr(cut) + kNow);
      service.world.settle();
      CHECK(client.received.empty());
      CHECK(service.answer());
      std::vector<Answer> answers = client.answers();
      REQUIRE(answers.size() == 2);
      CHECK(answers[0].body == "late");
      CHECK(answers[1].body == "now");
      client.go_away();
      service.world.settle();
    }
  }
}
