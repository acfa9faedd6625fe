// Messages as the handlers get them, however the bytes come.
#include "stream_world.h"

#include <vector>

using oklo::CloseReason;
using oklo::Connection;
using oklo::StreamFraming;
using oklo::StreamHandlers;
using oklo::StreamOptions;
using std::string_literals::operator""s;

namespace {

using Kind = StreamFraming::Kind;

struct Vector {
  std::string name;
  StreamFraming framing;
  std::string bytes;
  std::vector<std::string> messages;
  std::string end = "peer_closed";  // the reason, when the peer has sent all and closed
};

// What the handlers get of bytes that come in pieces of that size, the first one perhaps of another.
Vector received(const Vector& vector, size_t first, size_t piece) {
  Vector got;
  StreamHandlers handlers;
  handlers.on_receive = [&got](Connection&, std::string_view message) { got.messages.emplace_back(message); };
  handlers.on_close = [&got](Connection&, CloseReason reason) { got.end = oklo::close_reason_name(reason); };
  StreamOptions options;
  options.framing = vector.framing;
  StreamWorld world(std::move(handlers), options);
  Peer peer = world.connect();
  size_t at = 0;
  for (size_t size = first; at < vector.bytes.size(); size = piece) {
    size_t sent = peer.write(std::string_view(vector.bytes).substr(at, size));
    at += sent;
    world.turn();
    if (world.life.bytes_in.value() < at) world.turn();
    peer.read();
    if (peer.over()) break;
  }
  peer.finish();
  world.turn_until([&] {
    peer.read();
    return peer.over();
  });
  peer.close();
  world.settle();
  return got;
}

void check(const Vector& vector, size_t first, size_t piece) {
  Vector got = received(vector, first, piece);
  if (got.messages == vector.messages && got.end == vector.end) return;
  CAPTURE(vector.name);
  CAPTURE(first);
  CAPTURE(piece);
  CHECK(got.messages == vector.messages);
  CHECK(got.end == vector.end);
}

// Whole, byte by byte, and split at each place.
void check_all_ways(const Vector& vector) {
  check(vector, vector.bytes.size(), vector.bytes.size());
  check(vector, 1, 1);
  for (size_t at = 1; at < vector.bytes.size(); at++) check(vector, at, vector.bytes.size());
}

StreamFraming lines(oklo::Delimiter delimiter, uint32_t most = 1 << 20) {
  StreamFraming framing{.kind = Kind::delimiter, .message_bytes_max = most};
  framing.delimiter = delimiter;
  return framing;
}

StreamFraming length(uint8_t bytes, uint32_t most = 1 << 20) {
  StreamFraming framing{.kind = Kind::length_field, .message_bytes_max = most};
  framing.length_bytes = bytes;
  return framing;
}

// A message with its size in front, in two bytes.
std::string framed(const std::string& payload) {
  return std::string{static_cast<char>(payload.size() >> 8), static_cast<char>(payload.size())} + payload;
}

std::string filled(size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; i++) text += std::to_string(i) + " ";
  text.resize(size);
  return text;
}

}  // namespace

TEST_CASE("stream/messages: each framing gives the same messages, whole, byte by byte and split anywhere") {
  StreamFraming fixed{.kind = Kind::fixed, .fixed_bytes = 3};
  check_all_ways({"fixed", fixed, "aaabbbcc", {"aaa", "bbb"}});

  check_all_ways({"lines", lines("\r\n"), "one\r\n\r\ntw\ro\r\nrest", {"one", "", "tw\ro"}});
  check_all_ways({"one byte", lines("\n"), "one\n\ntwo\n", {"one", "", "two"}});
  StreamFraming kept = lines("end");
  kept.keep_delimiter = true;
  check_all_ways({"kept", kept, "aendenenend", {"aend", "enenend"}});

  check_all_ways({"length", length(2), framed("one") + framed("") + framed("three") + "\0\5x"s,
                  {"one", "", "three"}});
  StreamFraming little = length(4);
  little.length_order = StreamFraming::ByteOrder::little;
  check_all_ways({"little", little, "\2\0\0\0ab\1\0\0\0c"s, {"ab", "c"}});
  StreamFraming header = length(1);
  header.length_at = 1;
  header.header_bytes = 4;
  header.length_counts = StreamFraming::Counts::message;
  check_all_ways({"header", header, "T\6..abT\4..T\5..c", {"ab", "", "c"}});
  StreamFraming adjusted = length(1);
  adjusted.length_adjust = -1;
  check_all_ways({"adjusted", adjusted, "\3ab\1\2c"s, {"ab", "", "c"}});
}

TEST_CASE("stream/messages: too long and broken ones close with their reason") {
  check_all_ways({"long line", lines("\n", 6), "12345\n1234567\n", {"12345"}, "message_too_big"});
  std::string frames = framed("12345") + framed("123456");
  check_all_ways({"long frame", length(2, 7), frames, {"12345"}, "message_too_big"});
  StreamFraming counted = length(1);
  counted.header_bytes = 3;
  counted.length_counts = StreamFraming::Counts::message;
  check_all_ways({"short", counted, "\4..a\2..b", {"a"}, "protocol_error"});
}

TEST_CASE("stream/messages: those that no block can hold are collected") {
  for (size_t size : {16'381u, 16'382u, 16'383u, 16'384u, 16'385u, 32'768u, 50'000u}) {
    CAPTURE(size);
    std::string big = filled(size);
    Vector by_length{"length", length(2), framed("a") + framed(big) + framed("b"), {"a", big, "b"}};
    Vector by_line{"line", lines("\r\n"), "a\r\n" + big + "\r\nb\r\n", {"a", big, "b"}};
    for (const Vector& vector : {by_length, by_line}) {
      size_t all = vector.bytes.size();
      check(vector, all, all);
      for (size_t piece : {1000u, 4097u, 16'384u}) check(vector, piece, piece);
      for (size_t at : {1u, 3u, 4u, 16'383u, 16'384u, 16'385u}) check(vector, at, all);
      for (size_t left = 1; left <= 5; left++) check(vector, all - left, all);
    }
  }
}

TEST_CASE("stream/messages: big fixed ones, and one after the other") {
  std::string first = filled(20'000);
  std::string second(20'000, '2');
  StreamFraming fixed{.kind = Kind::fixed, .fixed_bytes = 20'000};
  Vector vector{"fixed", fixed, first + second + "rest", {first, second}};
  check(vector, vector.bytes.size(), vector.bytes.size());
  check(vector, 777, 777);
  check(vector, 1, 1);
}

TEST_CASE("stream/messages: a big one that turns out to be too long is not collected further") {
  std::string bytes = std::string(30'000, 'x') + "\n";
  check({"line", lines("\n", 20'000), bytes, {}, "message_too_big"}, 5000, 5000);
  check({"line", lines("\n", 30'001), bytes, {std::string(30'000, 'x')}}, 5000, 5000);
}

TEST_CASE("stream/messages: without framing whatever comes is handed over at once") {
  Vector got = received({"none", {}, "abcdef", {}}, 2, 3);
  CHECK(got.messages == std::vector<std::string>{"ab", "cde", "f"});
  CHECK(got.end == "peer_closed");
}
