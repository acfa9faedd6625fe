#include "bench/run.h"

#include <doctest/doctest.h>

#include <sys/socket.h>

#include "bench/played_server.h"
#include "codec/websocket_handshake.h"
#include "emulated.h"
#include "net/connecting.h"
#include "sys/event_fd.h"

using namespace oklo::bench;

namespace {

constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nX-Worker: w\r\nContent-Length: 2\r\n\r\nOK";
constexpr std::string_view kLast = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nOK";

Plan plan_for(const oklo::sys::Address& address, Kind kind = Kind::http) {
  return {.kind = kind, .address = address, .host = "h", .target = "/", .duration_ms = 100};
}

Outcome outcome_of(const Plan& plan) {
  oklo::Result<Outcome> outcome = run(plan);
  REQUIRE(outcome);
  return std::move(outcome).value();
}

// What comes of a hundred milliseconds with one connection to a server that plays so.
Outcome load(PlayedServer::Play play, Kind kind = Kind::http) {
  PlayedServer server(std::move(play));
  return outcome_of(plan_for(server.address(), kind));
}

// Answers each request with those bytes.
PlayedServer::Play answering(std::string_view answer) {
  return [answer](int fd) {
    while (PlayedServer::read_head(fd)) PlayedServer::write(fd, answer);
  };
}

void echo(int fd) {
  char bytes[4096];
  for (ssize_t size; (size = recv(fd, bytes, sizeof bytes, 0)) > 0;)
    PlayedServer::write(fd, {bytes, static_cast<size_t>(size)});
}

// There were errors, all of that kind, and no answer.
void only(const Outcome& outcome, Fault fault) {
  CAPTURE(kFaultNames[static_cast<size_t>(fault)].key);
  CHECK(outcome.count(fault) > 0);
  CHECK(outcome.errors() == outcome.count(fault));
  CHECK(outcome.answers == 0);
  CHECK(outcome.latency_us.count() == 0);
  CHECK(outcome.served == 0);
}

}  // namespace

TEST_CASE("bench/run: a closed loop of one connection") {
  Outcome outcome = load(answering(kAnswer));
  CHECK(outcome.answers > 1);
  CHECK(outcome.latency_us.count() == outcome.answers);
  CHECK(outcome.bytes == outcome.answers * kAnswer.size());
  CHECK(outcome.errors() == 0);
  CHECK(outcome.connects == 1);
  CHECK(outcome.served == 1);
  CHECK(outcome.unanswered == 1);
  CHECK(outcome.seconds >= 0.1);
  CHECK(outcome.busy > 0);
}

TEST_CASE("bench/run: a connection that the server closes after an answer is opened again") {
  Outcome outcome = load([](int fd) {
    PlayedServer::read_head(fd);
    PlayedServer::write(fd, kLast);
  });
  CHECK(outcome.answers > 1);
  CHECK(outcome.connects >= outcome.answers);
  CHECK(outcome.errors() == 0);
}

TEST_CASE("bench/run: answers up to the end of the stream") {
  Outcome outcome = load([](int fd) {
    PlayedServer::read_head(fd);
    PlayedServer::write(fd, "HTTP/1.0 200 OK\r\n\r\nto the end");
  });
  CHECK(outcome.answers > 1);
  CHECK(outcome.errors() == 0);
}

TEST_CASE("bench/run: bad answers, each of its kind") {
  only(load([](int fd) { PlayedServer::read_head(fd); }), Fault::closed);
  only(load([](int fd) {
         PlayedServer::read_head(fd);
         PlayedServer::write(fd, kAnswer.substr(0, kAnswer.size() - 1));
       }), Fault::closed);
  only(load([](int fd) {
         PlayedServer::read_head(fd);
         oklo::sys::reset_on_close(fd);
       }), Fault::reset);
  only(load(answering("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")), Fault::bad_status);
  only(load(answering("nonsense\r\n")), Fault::bad_answer);
  only(load(answering("HTTP/1.1 101 Switching Protocols\r\n\r\n")), Fault::bad_answer);
  only(load([](int fd) { PlayedServer::write(fd, "changed\n"), PlayedServer::read_to_end(fd); }, Kind::tcp),
       Fault::wrong_echo);
  only(load(answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), Kind::websocket),
       Fault::bad_status);
  only(load(answering(kAnswer), Kind::websocket), Fault::bad_status);
}

TEST_CASE("bench/run: an answer that nobody asked for is none") {
  Outcome outcome = load([](int fd) {
    PlayedServer::read_head(fd);
    PlayedServer::write(fd, std::string(kAnswer).append(kAnswer).append(kAnswer));
    PlayedServer::read_to_end(fd);
  });
  CHECK(outcome.answers > 0);
  CHECK(outcome.count(Fault::bad_answer) > 0);
}

TEST_CASE("bench/run: a connection that is closed while nothing is under way is opened again") {
  PlayedServer server([](int fd) {
    PlayedServer::read_head(fd);
    PlayedServer::write(fd, kAnswer);
  });
  Plan plan = plan_for(server.address());
  plan.rate = 100;
  Outcome outcome = outcome_of(plan);
  CHECK(outcome.answers > 0);
  CHECK(outcome.connects > 1);
  CHECK(outcome.errors() == outcome.count(Fault::closed) + outcome.count(Fault::reset));
}

TEST_CASE("bench/run: a server that is silent: requests and connections that time out") {
  PlayedServer silent(PlayedServer::read_to_end);
  Plan plan = plan_for(silent.address());
  plan.timeout_ms = 20;
  only(outcome_of(plan), Fault::timeout);
  plan.timeout_ms = 5000;
  Outcome outcome = outcome_of(plan);
  CHECK(outcome.errors() == 0);
  CHECK(outcome.unanswered == 1);
  FullListener full("127.0.0.1:0");
  plan = plan_for(full.address);
  plan.timeout_ms = 20;
  only(outcome_of(plan), Fault::connect_timeout);
}

TEST_CASE("bench/run: nobody listens") {
  if (emulated_mips()) return;
  Plan plan = plan_for(*oklo::sys::Address::parse(deserted()));
  plan.connections = 3;
  Outcome outcome = outcome_of(plan);
  only(outcome, Fault::refused);
  CHECK(outcome.connects == 0);
  CHECK(outcome.errors() >= 3);
}

TEST_CASE("bench/run: no more connections than there may be files") {
  Plan plan = plan_for(*oklo::sys::Address::parse(deserted()));
  plan.connections = UINT32_MAX;
  oklo::Result<Outcome> outcome = run(plan);
  REQUIRE(!outcome);
  CHECK(outcome.error().text.find("files open") != std::string::npos);
}

TEST_CASE("bench/run: a server that serves one connection at a time leaves the others without an answer") {
  PlayedServer server(answering(kAnswer));
  Plan plan = plan_for(server.address());
  plan.connections = 5;
  plan.threads = 3;
  Outcome outcome = outcome_of(plan);
  CHECK(outcome.served == 1);
  CHECK(outcome.connects == 5);
  CHECK(outcome.unanswered == 5);
  CHECK(outcome.errors() == 0);
}

TEST_CASE("bench/run: many requests under way on a connection") {
  PlayedServer server(answering(kAnswer));
  Plan plan = plan_for(server.address());
  plan.pipeline = 10;
  Outcome outcome = outcome_of(plan);
  CHECK(outcome.answers > 10);
  CHECK(outcome.unanswered == 10);
  CHECK(outcome.errors() == 0);
}

TEST_CASE("bench/run: messages over TCP come back, also large ones") {
  for (size_t bytes : {1, 32, 1'000'000}) {
    PlayedServer server(echo);
    Plan plan = plan_for(server.address(), Kind::tcp);
    plan.message_bytes = bytes;
    plan.pipeline = 2;
    Outcome outcome = outcome_of(plan);
    CHECK(outcome.answers > 0);
    CHECK(outcome.bytes >= outcome.answers * bytes);
    CHECK(outcome.errors() == 0);
    CHECK(outcome.other_length == 0);
  }
}

TEST_CASE("bench/run: an open loop asks as often as it is due") {
  PlayedServer server(answering(kAnswer));
  Plan plan = plan_for(server.address());
  plan.rate = 1000;
  Outcome outcome = outcome_of(plan);
  CHECK(outcome.answers + outcome.unanswered >= 100);
  CHECK(outcome.latency_us.count() == outcome.answers + outcome.unanswered);
  CHECK(outcome.errors() == 0);
}

TEST_CASE("bench/run: in an open loop what a server that stops keeps waiting is seen") {
  PlayedServer silent(PlayedServer::read_to_end);
  Plan plan = plan_for(silent.address());
  plan.rate = 1000;
  Outcome outcome = outcome_of(plan);
  CHECK(outcome.answers == 0);
  CHECK(outcome.unanswered >= 100);
  CHECK(outcome.latency_us.count() == outcome.unanswered);
  CHECK(outcome.latency_us.max() >= 100'000);
  CHECK(outcome.latency_us.value_at(50) >= 40'000);
}

TEST_CASE("bench/run: in an open loop what was under way on a closed connection is sent again") {
  PlayedServer server([](int fd) {
    PlayedServer::read_head(fd);
    PlayedServer::write(fd, kLast);
  });
  Plan plan = plan_for(server.address());
  plan.rate = 500;
  plan.pipeline = 8;
  plan.duration_ms = 200;
  Outcome outcome = outcome_of(plan);
  CHECK(outcome.answers > 1);
  CHECK(outcome.answers + outcome.unanswered + outcome.errors() >= 100);
}

TEST_CASE("bench/run: first answers are counted by a field of theirs") {
  PlayedServer server([](int fd) {
    PlayedServer::read_head(fd);
    PlayedServer::write(fd, kLast);
  });
  Plan plan = plan_for(server.address());
  plan.tally_field = "connection";
  Outcome outcome = outcome_of(plan);
  REQUIRE(outcome.tally.size() == 1);
  CHECK(outcome.tally[0] == std::pair<std::string, uint64_t>{"close", outcome.answers + 1});
  PlayedServer staying(answering(kAnswer));
  plan = plan_for(staying.address());
  plan.tally_field = "X-Worker";
  outcome = outcome_of(plan);
  REQUIRE(outcome.tally.size() == 1);
  CHECK(outcome.tally[0] == std::pair<std::string, uint64_t>{"w", 1});
}

TEST_CASE("bench/run: idle connections say nothing, slow ones a byte at a time") {
  PlayedServer server(echo);
  Plan plan = plan_for(server.address(), Kind::tcp);
  plan.connections = 0;
  plan.slow_connections = 1;
  plan.message_bytes = 2;
  plan.duration_ms = 300;
  Outcome outcome = outcome_of(plan);
  CHECK(outcome.slow_answers > 0);
  CHECK(outcome.answers == 0);
  CHECK(outcome.errors() == 0);
  plan.slow_connections = 0;
  plan.idle_connections = 3;
  plan.duration_ms = 50;
  outcome = outcome_of(plan);
  CHECK(outcome.connects == 3);
  CHECK(outcome.bytes == 0);
  CHECK(outcome.idle_lost == 0);
}

TEST_CASE("bench/run: idle connections that the server closes are lost") {
  PlayedServer closing([](int) {});
  Plan plan = plan_for(closing.address());
  plan.connections = 0;
  plan.idle_connections = 2;
  Outcome outcome = outcome_of(plan);
  CHECK(outcome.idle_lost == 2);
  CHECK(outcome.connects == 2);
  CHECK(outcome.errors() == 0);
}

TEST_CASE("bench/run: it tells how it goes, and ends early when it is told to") {
  PlayedServer server(answering(kAnswer));
  Plan plan = plan_for(server.address());
  uint64_t told = 0;
  REQUIRE(run(plan, [&told](const Progress& now) { told = now.answers; }));
  CHECK(told > 0);
  oklo::sys::EventFd bell = oklo::sys::EventFd::create().value();
  bell.ring();
  plan.stop_fd = bell.fd();
  plan.duration_ms = 3'600'000;
  Outcome outcome = outcome_of(plan);
  CHECK(outcome.seconds < 3600);
}
