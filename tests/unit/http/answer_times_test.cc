#include "http/answer_times.h"

#include <doctest/doctest.h>

#include <string>

#include "late_world.h"
#include "sys/time.h"

using namespace oklo;

namespace {

void spin(uint64_t us) {
  for (uint64_t end_us = sys::monotonic_us() + us; sys::monotonic_us() < end_us;) {
  }
}

// Counts what was measured since it was made.
struct Measured {
  explicit Measured(LateWorld& of) : times(of.world.life.answer_us), count(times.count()), sum(times.sum()) {}
  uint64_t answers() const { return times.count() - count; }
  uint64_t us() const { return times.sum() - sum; }

  const LatencyHistogram& times;
  uint64_t count;
  uint64_t sum;
};

}  // namespace

TEST_CASE("http/answer_times: each answer is measured once, whatever it is and however many come at once") {
  LateWorld service;
  Measured measured(service);
  std::string requests;
  for (int i = 0; i < 5; i++) requests += kNow;
  CHECK(service.world.open(requests + "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n").answers().size() == 6);
  CHECK(measured.answers() == 6);
  CHECK(service.world.life.requests.value() == 6);
}

TEST_CASE("http/answer_times: a handler that computes is part of what is measured, for all of its turn") {
  LateWorld service;
  service.site.get("/slow", [](const Request&, Response& response) {
    spin(3000);
    response.text("slow");
  });
  Measured measured(service);
  service.world.open("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" + kNow);
  CHECK(measured.answers() == 2);
  CHECK(measured.us() >= 6000);
}

TEST_CASE("http/answer_times: a late answer is measured when it begins") {
  LateWorld service;
  Measured measured(service);
  service.get("/late");
  CHECK(measured.answers() == 0);
  spin(2000);
  CHECK(service.answer());
  CHECK(measured.answers() == 1);
  CHECK(measured.us() >= 2000);
  service.get("/begun");
  CHECK(measured.answers() == 2);
  oklo::answer(service.ids.back(), [](Response& response) { response.end(); });
  service.world.settle();
  CHECK(measured.answers() == 2);
}

TEST_CASE("http/answer_times: a stream of events is measured when it begins, not when it ends") {
  LateWorld service;
  service.site.get("/events", [](const Request&, Response& response) { response.events(); });
  Measured measured(service);
  Client& client = service.world.open("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(measured.answers() == 1);
  client.go_away();
  service.world.settle();
  CHECK(measured.answers() == 1);
}

TEST_CASE("http/answer_times: an answer that is overdue is 503 and measured") {
  LateWorld service;
  Measured measured(service);
  Client& client = service.get("/soon");
  service.world.until_ended(client);
  CHECK(client.answer().status == 503);
  CHECK(measured.answers() == 1);
  CHECK(measured.us() >= 19'000);
}

TEST_CASE("http/answer_times: with a body that comes later it is from the head on") {
  LateWorld service;
  service.site.post("/body", [](const Request&, Response& response) { response.text("got it"); });
  Measured measured(service);
  Client& client = service.world.open("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
  CHECK(measured.answers() == 0);
  spin(2000);
  client.send("cd");
  service.world.settle();
  CHECK(client.answer().body == "got it");
  CHECK(measured.answers() == 1);
  CHECK(measured.us() >= 2000);
}

TEST_CASE("http/answer_times: what has no complete head, or gets no answer, is not measured") {
  LateWorld service;
  service.site.get("/unfinished", [](const Request&, Response& response) { response.write("a"); });
  Measured measured(service);
  CHECK(service.world.open("GET / HTTP/1.1\r\n\r\n").answer().status == 400);
  service.world.open("GET /unfinished HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(measured.answers() == 0);
}
