#include "codec/chunked.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "guarded.h"

using namespace oklo::codec;

namespace {

// What came of a message that was given in pieces of these sizes, the last one repeated.
struct Outcome {
  int status = 0;  // 0 done, 1 more
  std::string body;
  std::string trailers;
  size_t consumed = 0;
  bool operator==(const Outcome&) const = default;
};

void feed(ChunkedDecoder& decoder, std::string_view piece, Outcome& outcome) {
  Guarded bytes(piece);
  ChunkedDecoder::Progress progress = decoder.decode({bytes.data(), bytes.size()}, &outcome.trailers);
  CHECK(progress.produced <= progress.consumed);
  CHECK(progress.consumed <= bytes.size());
  outcome.body.append(bytes.data(), progress.produced);
  outcome.consumed += progress.consumed;
  outcome.status = progress.status;
  if (progress.state == ChunkedDecoder::State::more) {
    CHECK(progress.consumed == bytes.size());
    outcome.status = 1;
  }
}

Outcome decode_split(std::string_view text, size_t split) {
  ChunkedDecoder decoder;
  Outcome outcome;
  feed(decoder, text.substr(0, split), outcome);
  if (outcome.status == 1) feed(decoder, text.substr(split), outcome);
  return outcome;
}

Outcome decode_bytes(std::string_view text) {
  ChunkedDecoder decoder;
  Outcome outcome;
  outcome.status = 1;
  for (size_t at = 0; at < text.size() && outcome.status == 1; at++)
    feed(decoder, text.substr(at, 1), outcome);
  return outcome;
}

// Decodes it whole, byte by byte and split at each place: the same must come of it.
Outcome decode(std::string_view text) {
  Outcome whole = decode_split(text, text.size());
  CHECK(decode_bytes(text) == whole);
  for (size_t split = 0; split < text.size() && split < 200; split++)
    CHECK(decode_split(text, split) == whole);
  return whole;
}

}  // namespace

TEST_CASE("codec/chunked: bodies") {
  CHECK(decode("5\r\nhello\r\n0\r\n\r\n").body == "hello");
  CHECK(decode("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n").body == "hello world");
  CHECK(decode("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n").body == "01234567890123456789");
  CHECK(decode("0005\r\nhello\r\n000\r\n\r\n").body == "hello");
  CHECK(decode("0\r\n\r\n") == Outcome{0, "", "", 5});
  CHECK(decode("2\r\n\r\n\r\n0\r\n\r\n").body == "\r\n");
  CHECK(decode("5\r\nhello\r\n0\r\n\r\nGET /").consumed == 15);
}

TEST_CASE("codec/chunked: a body that has not ended needs more") {
  const std::string text = "5\r\nhello\r\n0\r\nX: 1\r\n\r\n";
  for (size_t size = 0; size < text.size(); size++)
    CHECK(decode(std::string_view(text).substr(0, size)).status == 1);
  CHECK(decode(text).status == 0);
}

TEST_CASE("codec/chunked: extensions are passed over") {
  CHECK(decode("5;a=b;c=\"d;\\\"e\\\\\t\xe9\";f\r\nhello\r\n0;x\r\n\r\n").body == "hello");
  CHECK(decode("5;ext=value\r\nhello\r\n0\r\n\r\n").body == "hello");
  for (const char* line : {"5;",      "5;;a",       "5; a",          "5 ;a",           "5;a ",
                           "5;a =b",  "5;a= b",     "5;a=",          "5;bad[=x",       "5;=b",
                           "5;a=\"b", "5;a=\"b\"c", "5;a=\"b\x01\"", "5;a=\"\\\x01\"", "5;a=b\"c\"",
                           "5;\x7f",  "5;x\rX",     "5;a\n",         "5;a=\"\n\"",     "5;,"})
    CHECK(decode(std::string(line) + "\r\nhello\r\n0\r\n\r\n").status == 400);
  CHECK(decode(std::string("5;\0\r\nhello\r\n0\r\n\r\n", 18)).status == 400);
}

TEST_CASE("codec/chunked: bad sizes") {
  for (const char* size : {"",
                           "-5",
                           "+5",
                           "0x5",
                           "xyz",
                           "5 5",
                           " 5",
                           "\t5",
                           "5 ",
                           "5\t",
                           "5_0",
                           "5,",
                           "\"5\"",
                           "1_0",
                           "g",
                           "5\r",
                           "FFFFFFFFFFFFFFFFF",
                           "10000000000000005",
                           "8000000000000005",
                           "00000000000000005"})
    CHECK(decode(std::string(size) + "\r\nhello\r\n0\r\n\r\n").status == 400);
  CHECK(decode("5\nhello\r\n0\r\n\r\n").status == 400);
  CHECK(decode("5\rhello\r\n0\r\n\r\n").status == 400);
  CHECK(decode("7fffffffffffffff\r\nhello").status == 1);
  CHECK(decode("0000000000000005\r\nhello\r\n0\r\n\r\n").status == 0);
}

TEST_CASE("codec/chunked: a chunk ends with CR LF") {
  for (const char* text :
       {"5\r\nhelloX\r\n0\r\n\r\n", "6\r\nhello\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n", "5\r\nhello\n0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n", "5\r\nhello\r0\r\n\r\n", "3\r\nfoo\r\n\r\n", "5\r\nhello!!\r\n0\r\n\r\n"})
    CHECK(decode(text).status == 400);
}

TEST_CASE("codec/chunked: trailer fields") {
  CHECK(decode("0\r\nX-One: 1\r\nX-Two:\r\n\r\n").trailers == "X-One: 1\r\nX-Two:\r\n");
  CHECK(decode("0\r\nX: 1\r\nHost: a\r\nY: 2\r\ncontent-length: 5\r\n\r\n").trailers == "X: 1\r\nY: 2\r\n");
  CHECK(decode("0\r\nAuthorization: a\r\n\r\n") == Outcome{0, "", "", 23});
  for (const char* lines : {"bad trailer\r\n", ": x\r\n", "X\r\n", "X : 1\r\n", " X: 1\r\n", "X: 1\r\n Y\r\n",
                            "X: \x01\r\n", "X: 1\n", "X: 1\rY\r\n", "\n", "X\xe9: 1\r\n"})
    CHECK(decode("0\r\n" + std::string(lines) + "\r\n").status == 400);
  CHECK(decode("0\r\n\n").status == 400);
  CHECK(decode("0\r\n\rX").status == 400);
}

TEST_CASE("codec/chunked: trailers are passed over where nobody asks for them") {
  std::string text = "1\r\na\r\n0\r\nX: 1\r\n\r\n";
  ChunkedDecoder decoder;
  ChunkedDecoder::Progress progress = decoder.decode(text);
  CHECK(progress.state == ChunkedDecoder::State::done);
  CHECK(progress.consumed == text.size());
  CHECK(std::string_view(text).substr(0, progress.produced) == "a");
}

TEST_CASE("codec/chunked: the limits") {
  const std::string end = "\r\nhello\r\n0\r\n\r\n";
  CHECK(decode_split("5;" + std::string(4095, 'a') + end, 0).status == 0);
  CHECK(decode_split("5;" + std::string(4096, 'a') + end, 0).status == 400);
  std::string many;
  for (int i = 0; i < 1400; i++) many += "1;a\r\nx\r\n";
  CHECK(decode_split(many, 0).status == 1);
  CHECK(decode_split(many + many + many, 0).status == 400);
  CHECK(decode_split("0\r\nX: " + std::string(8186, 'a') + "\r\n\r\n", 0).status == 431);
  CHECK(decode_split("0\r\nX: " + std::string(8185, 'a') + "\r\n\r\n", 0).status == 0);
}

TEST_CASE("codec/chunked: a bad message stays bad") {
  ChunkedDecoder decoder;
  std::string bad = "x";
  std::string good = "0\r\n\r\n";
  CHECK(decoder.decode(bad).state == ChunkedDecoder::State::bad);
  CHECK(decoder.decode(good).status == 400);
}

TEST_CASE("codec/chunked: the line in front of a chunk") {
  for (size_t size : {size_t{1}, size_t{9}, size_t{10}, size_t{15}, size_t{16}, size_t{255}, size_t{4096},
                      SIZE_MAX, size_t{0}}) {
    char line[kChunkHeadBytesMax];
    char* end = write_chunk_head(line, size);
    REQUIRE(end <= line + sizeof line);
    CHECK(std::string_view(end - 2, 2) == "\r\n");
    CHECK(std::stoull(std::string(line, end - 2), nullptr, 16) == size);
    CHECK((line[0] != '0' || size == 0));
  }
}

TEST_CASE("codec/chunked: what is written can be read") {
  char head[kChunkHeadBytesMax];
  std::string text(head, write_chunk_head(head, 300));
  text += std::string(300, 'x');
  text += kChunkEnd;
  text += kLastChunk;
  text += "\r\n";
  CHECK(decode(text).body == std::string(300, 'x'));
}
