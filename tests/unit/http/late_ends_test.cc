#include "http/late_answers.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "late_world.h"

using namespace oklo;

TEST_CASE("http/late: an answer that does not come in time is 503, and the end") {
  LateWorld service;
  Client& client = service.get("/soon");
  service.world.until_ended(client);
  Answer answer = client.answer();
  CHECK(answer.status == 503);
  CHECK(answer.closes());
  CHECK(!service.answer());
  CHECK(service.world.ended_with(CloseReason::finished));
  CHECK(service.world.life.requests.value() == 1);
}

TEST_CASE("http/late: an answer that has begun and does not go on in time is cut off") {
  LateWorld service;
  Client& client = service.get("/begun");
  service.world.until_ended(client);
  CHECK(client.received.ends_with("3\r\none\r\n"));
  CHECK(!service.answer());
  CHECK(service.world.closed(CloseReason::handler_failed) == 1);
  CHECK(service.world.life.requests.value() == 1);
}

TEST_CASE("http/late: each write puts the deadline off, and so does asking again") {
  LateWorld service;
  const Clock& clock = service.world.reactor().clock();
  uint64_t last_ms = clock.now_ms;
  Client& client = service.get("/begun");
  Client& asked = service.get("/soon");
  RequestId begun = service.ids[0], soon = service.ids[1];
  uint64_t end_ms = clock.now_ms + 200;
  bool in_time = true;  // no turn has waited for a processor for longer than the deadline
  service.world.until([&] { return clock.now_ms > end_ms; }, [&] {
    in_time = in_time && clock.now_ms - last_ms < 20;
    last_ms = clock.now_ms;
    CHECK(oklo::answer(begun, [](Response& response) { response.write("x"); }) >= in_time);
    CHECK(oklo::answer(soon, [](Response& response) { response.later(20); }) >= in_time);
  });
  service.world.until_ended(client);
  service.world.until_ended(asked);
  CHECK(asked.answer().status == 503);
}

TEST_CASE("http/late: without a time it waits for ever") {
  LateWorld service({.header_time_ms = 100, .idle_time_ms = 100});
  service.site.get("/ever", [&](const Request&, Response& response) {
    service.ids.push_back(response.later(0));
  });
  Client& client = service.get("/ever");
  uint64_t end_ms = service.world.reactor().clock().now_ms + 250;
  service.world.until([&] { return service.world.reactor().clock().now_ms > end_ms; });
  CHECK(service.answer());
  CHECK(client.answer().body == "late");
  service.world.until_ended(client);
  CHECK(service.world.ended_with(CloseReason::idle_timeout));
}

TEST_CASE("http/late: a client that sends no more still gets its answers, then the end") {
  LateWorld service;
  Client& client = service.world.open(kLate + kLate + kNow);
  client.finish();
  service.world.settle();
  CHECK(!client.ended);
  CHECK(service.answer("first"));
  CHECK(service.answer("second"));
  std::vector<Answer> answers = client.answers();
  REQUIRE(answers.size() == 3);
  CHECK(answers[1].body == "second");
  CHECK(client.ended);
  CHECK(service.world.closed(CloseReason::peer_closed) == 1);
}

TEST_CASE("http/late: a client that is gone is told of by the answer") {
  LateWorld service;
  service.get("/late").go_away();
  service.world.settle();
  CHECK(service.world.connections() == 0);
  CHECK(!service.answer());
  service.get("/patient").go_away();
  service.world.settle();
  CHECK(!service.answer());
  CHECK(service.world.life.requests.value() == 1);
}

TEST_CASE("http/late: a connection that ends within its handler leaves nothing") {
  LateWorld service({.queue_bytes = 1000});
  service.site.get("/full", [&](const Request&, Response& response) {
    service.ids.push_back(response.later());
    CHECK(!response.write(std::string(2000, 'x')));
  });
  service.get("/full");
  CHECK(service.world.closed(CloseReason::queue_full) == 1);
  CHECK(!service.answer());
  service.get("/patient");
  CHECK(oklo::answer(service.ids.back(), [](Response& response) {
    CHECK(!response.write(std::string(2000, 'x')));
  }));
  service.world.settle();
  CHECK(!service.answer());
  CHECK(service.world.closed(CloseReason::queue_full) == 2);
}

TEST_CASE("http/late: the time of what is written begins again when the client has taken it") {
  LateWorld service;
  Client& client = service.world.open("GET /begun HTTP/1.1\r\nHost: a\r\n\r\n" + kNow);
  client.reads = false;
  if (!oklo::answer(service.ids.back(), [](Response& response) {
    response.later(200);
    response.write(std::string(2'000'000, 'x'));
  })) return;  // The time was over before it got a processor.
  service.world.settle();
  uint64_t blocked_ms = service.world.reactor().clock().now_ms;
  service.world.until([&] { return service.world.reactor().clock().now_ms > blocked_ms + 400; });
  CHECK(service.world.connections() == 1);
  client.reads = true;
  service.world.settle();
  CHECK(service.world.life.requests.value() == 0);
  service.world.until_ended(client);
  CHECK(service.world.closed(CloseReason::handler_failed) == 1);
  CHECK(client.received.find("now") == std::string::npos);
}

TEST_CASE("http/late: a client that takes nothing of what is written is ended, however often it is written") {
  LateWorld service({.write_stall_ms = 100});
  Client& client = service.get("/patient");
  client.reads = false;
  CHECK(oklo::answer(service.ids.back(), [](Response& response) {
    response.write(std::string(2'000'000, 'x'));
    CHECK(response.queued() >= 2'000'000);
  }));
  service.world.until([&] { return service.world.connections() == 0; }, [&] {
    oklo::answer(service.ids.back(), [](Response& response) { response.write("x"); });
  });
  CHECK(service.world.closed(CloseReason::write_stalled) == 1);
}

TEST_CASE("http/late: a reload waits for the answer, which is the last one") {
  LateWorld service;
  Client& client = service.get("/late");
  Client& begun = service.get("/patient");
  service.get("/late", "Connection: close\r\n");
  service.world.drain(DrainMode::reload);
  service.world.settle();
  CHECK(service.world.connections() == 3);
  CHECK(service.answer());
  CHECK(service.world.closed(CloseReason::finished) == 1);
  CHECK(service.answer_to(service.ids[0]));
  CHECK(client.answer().closes());
  CHECK(client.ended);
  CHECK(oklo::answer(service.ids[1], [](Response& response) { response.end(); }));
  begun.send(kNow);
  service.world.settle();
  std::vector<Answer> answers = begun.answers();
  REQUIRE(answers.size() == 2);
  CHECK(answers[1].closes());
  CHECK(begun.ended);
}

TEST_CASE("http/late: a stop waits for the answer, too") {
  LateWorld service;
  Client& client = service.get("/late");
  Client& begun = service.get("/patient");
  service.world.drain(DrainMode::stop);
  service.world.settle();
  CHECK(service.answer_to(service.ids[0]));
  CHECK(client.answer().closes());
  CHECK(oklo::answer(service.ids[1], [](Response& response) { response.end(); }));
  service.world.settle();
  CHECK(begun.answer().body == "one");
  CHECK(begun.ended);
  CHECK(!service.world.ended_with(CloseReason::drained));
  CHECK(service.world.closed(CloseReason::drained) == 2);
}

TEST_CASE("http/late: what is aborted can't be answered any more") {
  LateWorld service;
  service.get("/late");
  service.world.abort_all();
  CHECK(!service.answer());
}

TEST_CASE("http/late: where no server runs there is nothing to answer") {
  RequestId id;
  id.number = 1;
  CHECK(!oklo::answer(id, [](Response&) { FAIL("called"); }));
}
