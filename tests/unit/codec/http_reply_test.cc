#include "codec/http_reply.h"

#include <doctest/doctest.h>

#include <string>

#include "guarded.h"

using namespace oklo::codec;
using Kind = ReplyOutcome::Kind;
using Framing = ReplyHead::Framing;

namespace {

// What a head came to, as text.
std::string text_of(const ReplyOutcome& outcome, const ReplyHead& head) {
  if (outcome.kind == Kind::need_more) return "more";
  if (outcome.kind == Kind::bad) return outcome.reason;
  std::string text = std::to_string(head.status) + " 1." + std::to_string(head.minor_version);
  text += head.keep_alive ? " stays" : " closes";
  if (head.framing == Framing::chunked) text += " chunked";
  if (head.framing == Framing::length) text += " length " + std::to_string(head.content_length);
  text.append(" (").append(head.reason()).append(")");
  for (const ReplyHead::Field& field : head.fields)
    text.append(" [").append(head.name(field)).append("=").append(head.value(field)).append("]");
  return text + " size " + std::to_string(head.size);
}

// Reads it whole, and growing from each place on: the same must come of it, and nothing before it is there.
std::string parse(std::string_view text) {
  ReplyHead head;
  Guarded whole(text);
  std::string result = text_of(parse_reply_head({whole.data(), whole.size()}, head), head);
  for (size_t step : {size_t{1}, size_t{3}}) {
    std::string kept;
    std::string last = "more";
    for (size_t at = 0; at < text.size() && last == "more"; at += step) {
      kept += text.substr(at, step);
      Guarded bytes(kept);
      last = text_of(parse_reply_head({bytes.data(), bytes.size()}, head), head);
      kept.assign(bytes.data(), bytes.size());
    }
    CHECK(last == result);
  }
  for (size_t split = 0; split < text.size() && split < 300; split++) {
    Guarded front(text.substr(0, split));
    if (text_of(parse_reply_head({front.data(), front.size()}, head), head) != "more") continue;
    std::string both(front.data(), front.size());
    both += text.substr(split);
    Guarded bytes(both);
    CHECK(text_of(parse_reply_head({bytes.data(), bytes.size()}, head), head) == result);
  }
  return result;
}

std::string with(std::string_view fields) {
  return parse("HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n");
}

}  // namespace

TEST_CASE("codec/http_reply: status lines") {
  CHECK(parse("HTTP/1.1 200 OK\r\n\r\n") == "200 1.1 stays (OK) size 19");
  CHECK(parse("HTTP/1.0 404 Not Found\r\n\r\n") == "404 1.0 closes (Not Found) size 26");
  CHECK(parse("HTTP/1.1 200 \r\n\r\n") == "200 1.1 stays () size 17");
  CHECK(parse("HTTP/1.1 200\r\n\r\n") == "200 1.1 stays () size 16");
  CHECK(parse("HTTP/1.2 599 caf\xc3\xa9\r\n\r\n") == "599 1.1 stays (caf\xc3\xa9) size 22");
  CHECK(parse("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK") == "100 1.1 stays (Continue) size 25");
  for (const char* bad : {"HTTP/2 200 OK\r\n\r\n", "HTTP/0.9 200 OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n",
                          "HTTP/1.x 200 OK\r\n\r\n", "ICY 200 OK\r\n\r\n",
                          "\r\nHTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 20\r\n\r\n", "SSH-2.0-x\r\n"})
    CHECK(parse(bad) == "it is not HTTP/1");
  for (const char* bad : {"HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n",
                          "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 000 OK\r\n\r\n",
                          "HTTP/1.1 600 OK\r\n\r\n", "HTTP/1.1 200\tOK\r\n\r\n"})
    CHECK(parse(bad) == "bad status");
  CHECK(parse("HTTP/1.1 200 a\x01z\r\n\r\n") == "bad reason phrase");
}

TEST_CASE("codec/http_reply: fields") {
  CHECK(with("A: b\r\nC:\t d e \r\nEmpty:\r\n") ==
        "200 1.1 stays (OK) [A=b] [C=d e] [Empty=] size 43");
  CHECK(with("A: b\r\n c\r\n\td\r\nE: f\r\n") == "200 1.1 stays (OK) [A=b   c  \td] [E=f] size 39");
  CHECK(with(" A: b\r\n") == "bad field name");
  CHECK(with("A : b\r\n") == "bad field name");
  CHECK(with(": b\r\n") == "bad field name");
  CHECK(with("A b\r\n") == "bad field name");
  CHECK(with("A: b\x7f\r\n") == "bad field value");
  CHECK(with("A: b\nC: d\r\n") == "a line does not end in CR LF");
  CHECK(with("A: b\rC: d\r\n") == "a line does not end in CR LF");
  CHECK(parse("HTTP/1.1 200 OK\n\n") == "a line does not end in CR LF");
  ReplyHead head;
  Guarded bytes("HTTP/1.1 200 OK\r\nX-Id: 7\r\nx-id: 8\r\n\r\n");
  REQUIRE(parse_reply_head({bytes.data(), bytes.size()}, head).kind == Kind::complete);
  CHECK(head.find("x-ID") == "7");
  CHECK(head.find("y").empty());
}

TEST_CASE("codec/http_reply: what frames the body, and whether the connection stays") {
  CHECK(with("Content-Length: 5\r\n").find("length 5") != std::string::npos);
  CHECK(with("content-length: 0\r\n").find("length 0") != std::string::npos);
  CHECK(with("Transfer-Encoding: Chunked\r\n").find(" chunked") != std::string::npos);
  for (const char* bad : {"-1", "+1", "1 1", "1,1", "0x5", "", "99999999999999999999"})
    CHECK(with("Content-Length: " + std::string(bad) + "\r\n") == "bad Content-Length");
  CHECK(with("Content-Length: 1\r\nContent-Length: 1\r\n") == "Content-Length stands twice");
  CHECK(with("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n") ==
        "Content-Length with Transfer-Encoding");
  CHECK(with("Transfer-Encoding: gzip, chunked\r\n") == "unknown transfer coding");
  CHECK(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") ==
        "Transfer-Encoding stands twice");
  CHECK(parse("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") == "Transfer-Encoding in HTTP/1.0");
  CHECK(with("Connection: x, Close\r\n").find("closes") != std::string::npos);
  CHECK(with("Connection: keep-alive\r\nConnection: close\r\n").find("closes") != std::string::npos);
  CHECK(parse("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n").find("stays") != std::string::npos);
}

TEST_CASE("codec/http_reply: a head has its bounds") {
  std::string fields;
  for (size_t i = 0; i < kReplyFieldsMax; i++) fields += "A: b\r\n";
  CHECK(with(fields).starts_with("200"));
  CHECK(with(fields + "A: b\r\n") == "more than 128 fields");
  ReplyHead head;
  std::string large = "HTTP/1.1 200 OK\r\nA: ";
  large.resize(kReplyHeadBytesMax - 1, 'x');
  CHECK(parse_reply_head(large, head).kind == Kind::need_more);
  large += 'x';
  CHECK(parse_reply_head(large, head).kind == Kind::bad);
  large.replace(large.size() - 4, 4, "\r\n\r\n");
  CHECK(parse_reply_head(large, head).kind == Kind::complete);
}
