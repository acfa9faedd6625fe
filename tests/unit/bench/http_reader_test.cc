#include "bench/http_reader.h"

#include <doctest/doctest.h>

#include "bench/reading.h"

using namespace oklo::bench;

namespace {

std::string read_http(std::string_view text, bool ends = false) {
  HttpHeads heads("");
  HttpReader reader(heads);
  return read_all(reader, text, ends);
}

std::string with(std::string_view fields, std::string_view body) {
  return std::string("HTTP/1.1 200 OK\r\n").append(fields).append("\r\n").append(body);
}

}  // namespace

TEST_CASE("bench/http_reader: answers with a length, one or many") {
  std::string five = with("Content-Length: 5\r\n", "hello");
  CHECK(read_http(five) == "answer 5 ");
  CHECK(read_http(five + five + with("Content-Length: 0\r\n", "")) == "answer 5 answer 5 answer 0 ");
  CHECK(read_http(five + "HTTP/1.1 200") == "answer 5 ");
  CHECK(read_http(with("Content-Length: 6\r\n", "hello")) == "");
}

TEST_CASE("bench/http_reader: chunks") {
  CHECK(read_http(with("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n")) ==
        "answer 6 ");
  CHECK(read_http(with("Transfer-Encoding: chunked\r\n", "0\r\nA: b\r\n\r\n") +
                  with("Content-Length: 1\r\n", "x")) == "answer 0 answer 1 ");
  CHECK(read_http(with("Transfer-Encoding: chunked\r\n", "5\r\nhello!\r\n")) == "bad_answer ");
}

TEST_CASE("bench/http_reader: the end of the stream ends an answer, or breaks it") {
  CHECK(read_http(with("", "to the end"), true) == "last 10 ");
  CHECK(read_http(with("", "to the end")) == "");
  CHECK(read_http(with("Content-Length: 6\r\n", "hello"), true) == "closed ");
  CHECK(read_http("HTTP/1.1 200 OK\r\n", true) == "closed ");
  CHECK(read_http("", true) == "closed ");
}

TEST_CASE("bench/http_reader: what closes the connection is the last answer") {
  CHECK(read_http(with("Connection: close\r\nContent-Length: 2\r\n", "OK")) == "last 2 ");
  CHECK(read_http("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nOK") == "last 2 ");
}

TEST_CASE("bench/http_reader: statuses") {
  CHECK(read_http("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n") == "answer 0 ");
  CHECK(read_http("HTTP/1.1 204 No Content\r\n\r\n") == "answer 0 ");
  CHECK(read_http("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno") == "answer 2 bad_status ");
  CHECK(read_http("HTTP/1.1 500 Oh\r\nConnection: close\r\nContent-Length: 0\r\n\r\n") ==
        "last 0 bad_status ");
  CHECK(read_http("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + with("Content-Length: 1\r\n", "x")) ==
        "answer 1 ");
  CHECK(read_http("HTTP/1.1 101 Switching Protocols\r\n\r\n") == "bad_answer ");
}

TEST_CASE("bench/http_reader: what is no answer") {
  for (const char* bad : {"SSH-2.0-x\r\n", "HTTP/1.1 200 OK\n\n", "HTTP/1.1 20 OK\r\n\r\n",
                          "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
                          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"})
    CHECK_MESSAGE(read_http(bad) == "bad_answer ", bad);
  std::string endless = "HTTP/1.1 200 OK\r\nA: " + std::string(17'000, 'a');
  HttpHeads heads("");
  HttpReader reader(heads);
  Reading reading(reader);
  reading.take(endless);
  CHECK(reading.text() == "bad_answer ");
}

TEST_CASE("bench/http_reader: an equal head is not read again, one that only begins like it is") {
  HttpHeads heads("x-worker");
  auto read = [&](std::string text) {
    Guarded bytes(text);
    CHECK(heads.read({bytes.data(), bytes.size()}) == oklo::codec::ReplyOutcome::Kind::complete);
    return std::to_string(heads.last().content_length) + heads.last().tally_value;
  };
  std::string one = with("X-Worker: a\r\nContent-Length: 5\r\n", "");
  CHECK(read(one) == "5a");
  CHECK(read(one + "rest") == "5a");
  CHECK(read(with("X-Worker: a\r\nContent-Length: 57\r\n", "")) == "57a");
  CHECK(read(with("X-Worker: b\r\nContent-Length: 57\r\n", "")) == "57b");
  CHECK(read(with("Content-Length: 5\r\n", "")) == "5");
  std::string front = one.substr(0, one.size() - 1);
  Guarded bytes(front);
  CHECK(heads.read({bytes.data(), bytes.size()}) == oklo::codec::ReplyOutcome::Kind::need_more);
}
