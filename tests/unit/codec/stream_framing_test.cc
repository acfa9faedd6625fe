#include "codec/stream_framing.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "guarded.h"

using namespace oklo::codec;
using oklo::Delimiter;
using oklo::StreamFraming;

namespace {

using Kind = StreamFraming::Kind;
using State = FramedMessage::State;
using std::string_literals::operator""s;

// The payloads that are cut from a stream, and how it ends.
struct Cut {
  std::vector<std::string> payloads;
  State state = State::need_more;
  size_t left = 0;  // bytes of the message that is not whole
  bool operator==(const Cut&) const = default;
};

// Cuts a stream whose bytes come in pieces of that size, the first one perhaps of another.
Cut cut_pieces(const StreamFraming& framing, std::string_view stream, size_t first, size_t piece) {
  Cut cut;
  size_t begin = 0;
  size_t scanned = 0;
  for (size_t end = std::min(first, stream.size());; end = std::min(end + piece, stream.size())) {
    for (;;) {
      Guarded bytes(stream.substr(begin, end - begin));
      FramedMessage message = find_message(framing, bytes.view(), scanned);
      cut.state = message.state;
      if (message.state == State::need_more) {
        CHECK(message.scanned <= bytes.size());
        CHECK((message.size == 0 || message.size > bytes.size()));
        scanned = message.scanned;
        break;
      }
      if (message.state != State::complete) return cut;
      REQUIRE(message.size > 0);
      REQUIRE(message.size <= bytes.size());
      REQUIRE(message.payload_at + message.payload_size <= message.size);
      cut.payloads.emplace_back(bytes.view().substr(message.payload_at, message.payload_size));
      begin += message.size;
      scanned = 0;
    }
    if (end == stream.size()) break;
  }
  cut.left = stream.size() - begin;
  return cut;
}

// Cuts it whole, byte by byte and split at each place: the same must come of it.
Cut cut(const StreamFraming& framing, std::string_view stream) {
  REQUIRE(framing_fault(framing) == nullptr);
  Cut whole = cut_pieces(framing, stream, stream.size(), 1);
  CHECK(cut_pieces(framing, stream, 1, 1) == whole);
  for (size_t split = 1; split < stream.size(); split++)
    CHECK(cut_pieces(framing, stream, split, stream.size()) == whole);
  return whole;
}

std::string fault(const StreamFraming& framing) {
  const char* text = framing_fault(framing);
  return text ? text : "";
}

StreamFraming lines(Delimiter delimiter = "\r\n", uint32_t most = 1 << 20) {
  StreamFraming framing;
  framing.kind = Kind::delimiter;
  framing.delimiter = delimiter;
  framing.message_bytes_max = most;
  return framing;
}

StreamFraming length(uint8_t bytes, StreamFraming::ByteOrder order = StreamFraming::ByteOrder::big) {
  StreamFraming framing;
  framing.kind = Kind::length_field;
  framing.length_bytes = bytes;
  framing.length_order = order;
  return framing;
}

}  // namespace

TEST_CASE("codec/stream_framing: without framing a piece is a message") {
  FramedMessage message = find_message({}, "hello");
  CHECK(message.state == State::complete);
  CHECK(message.size == 5);
  CHECK(message.payload_size == 5);
  CHECK(find_message({}, "").state == State::need_more);
}

TEST_CASE("codec/stream_framing: messages of a fixed size") {
  StreamFraming framing{.kind = Kind::fixed, .fixed_bytes = 3};
  CHECK(cut(framing, "abcdefgh") == Cut{{"abc", "def"}, State::need_more, 2});
  CHECK(cut(framing, "") == Cut{});
  CHECK(find_message(framing, "a").size == 3);
}

TEST_CASE("codec/stream_framing: lines") {
  CHECK(cut(lines(), "one\r\n\r\ntwo\r\nthree") == Cut{{"one", "", "two"}, State::need_more, 5});
  CHECK(cut(lines(), "a\rb\nc\r\r\n\n\r\n") == Cut{{"a\rb\nc\r", "\n"}, State::need_more, 0});
  CHECK(cut(lines("\n"), "a\nb\n\n").payloads == std::vector<std::string>{"a", "b", ""});
  CHECK(cut(lines(std::string_view("\0", 1)), "a\0b\0"s).payloads == std::vector<std::string>{"a", "b"});
  CHECK(cut(lines("aab"), "aaab.aaaab").payloads == std::vector<std::string>{"a", ".aa"});
  CHECK(cut(lines("abababab"), "ababababababababab") == Cut{{"", ""}, State::need_more, 2});
  StreamFraming kept = lines();
  kept.keep_delimiter = true;
  CHECK(cut(kept, "one\r\n\r\n").payloads == std::vector<std::string>{"one\r\n", "\r\n"});
}

TEST_CASE("codec/stream_framing: a line may be as long as the limit, with its end") {
  CHECK(cut(lines("\r\n", 5), "abc\r\n").payloads == std::vector<std::string>{"abc"});
  CHECK(cut(lines("\r\n", 5), "abc\r") == Cut{{}, State::need_more, 4});
  CHECK(cut(lines("\r\n", 5), "abcd\r").state == State::too_long);
  CHECK(cut(lines("\r\n", 5), "abcd\r\n").state == State::too_long);
  CHECK(cut(lines("\r\n", 5), "ab\r\nabcdefg\r\n") == Cut{{"ab"}, State::too_long, 0});
  CHECK(cut(lines("\r\n", 2), "\r\n\r\nx").payloads.size() == 2);
}

TEST_CASE("codec/stream_framing: what was scanned is not scanned again") {
  StreamFraming framing = lines("end");
  FramedMessage message = find_message(framing, "0123456789");
  CHECK(message.scanned == 8);
  CHECK(find_message(framing, "", 0).scanned == 0);
  CHECK(find_message(framing, "e", 0).scanned == 0);
  CHECK(find_message(framing, "0123456789en", message.scanned).scanned == 10);
  CHECK(find_message(framing, "0123456789end", 10).payload_size == 10);
  CHECK(find_message(framing, "end3456789", 8).state == State::need_more);
}

TEST_CASE("codec/stream_framing: length fields of every width and order") {
  using Order = StreamFraming::ByteOrder;
  struct { uint8_t bytes; Order order; std::string header; } cases[] = {
      {1, Order::big, "\x05"s}, {1, Order::little, "\x05"s},
      {2, Order::big, "\x00\x05"s}, {2, Order::little, "\x05\x00"s},
      {3, Order::big, "\x00\x00\x05"s}, {3, Order::little, "\x05\x00\x00"s},
      {4, Order::big, "\x00\x00\x00\x05"s}, {4, Order::little, "\x05\x00\x00\x00"s},
      {8, Order::big, "\x00\x00\x00\x00\x00\x00\x00\x05"s},
      {8, Order::little, "\x05\x00\x00\x00\x00\x00\x00\x00"s},
  };
  for (auto& c : cases) {
    StreamFraming framing = length(c.bytes, c.order);
    std::string stream = c.header + "hello" + c.header + "again" + c.header.substr(0, 1);
    CHECK(cut(framing, stream) == Cut{{"hello", "again"}, State::need_more, 1});
    CHECK(find_message(framing, c.header).size == c.header.size() + 5);
  }
  CHECK(find_message(length(2), "\x01\x02").size == 2 + 0x102);
  CHECK(find_message(length(3, Order::little), "\x01\x02\x03").size == 3 + 0x030201);
}

TEST_CASE("codec/stream_framing: a header may be more than the length field") {
  StreamFraming framing = length(2);
  framing.length_at = 2;
  framing.header_bytes = 6;
  CHECK(cut(framing, "hh\x00\x03hhabchh\x00\x00hhx"s) == Cut{{"abc", ""}, State::need_more, 1});
  CHECK(find_message(framing, "hh\x00\x03"s).size == 9);
  CHECK(find_message(framing, "hh\x00"s).size == 0);
  framing.keep_header = true;
  CHECK(cut(framing, "hh\x00\x03hhabchh\x00\x00hhx"s) ==
        Cut{{"hh\x00\x03hhabc"s, "hh\x00\x00hh"s}, State::need_more, 1});
  StreamFraming small = length(1);
  small.header_bytes = 1;
  CHECK(cut(small, "\x02xy\x00"s).payloads == std::vector<std::string>{"xy", ""});
}

TEST_CASE("codec/stream_framing: what the number counts") {
  StreamFraming framing = length(2);
  framing.length_counts = StreamFraming::Counts::message;
  CHECK(cut(framing, "\x00\x05"
                     "abc\x00\x02\x00\x03"s) == Cut{{"abc", ""}, State::need_more, 2});
  CHECK(cut(framing, "\x00\x01"s).state == State::bad);
  CHECK(cut(framing, "\x00\x03x\x00\x00"s) == Cut{{"x"}, State::bad, 0});
  framing.length_counts = StreamFraming::Counts::payload;
  framing.length_adjust = 2;
  CHECK(cut(framing, "\x00\x01"
                     "abc"s).payloads == std::vector<std::string>{"abc"});
  framing.length_adjust = -2;
  CHECK(cut(framing, "\x00\x05"
                     "abc"s).payloads == std::vector<std::string>{"abc"});
  CHECK(cut(framing, "\x00\x02"s).payloads == std::vector<std::string>{""});
  CHECK(cut(framing, "\x00\x01"s).state == State::bad);
}

TEST_CASE("codec/stream_framing: a message that is too long shows with its number") {
  StreamFraming framing = length(8);
  framing.message_bytes_max = 13;
  CHECK(cut(framing, "\0\0\0\0\0\0\0\x05hello"s).payloads == std::vector<std::string>{"hello"});
  CHECK(cut(framing, "\0\0\0\0\0\0\0\x06"s).state == State::too_long);
  for (const std::string& number :
       {"\xff\xff\xff\xff\xff\xff\xff\xff"s, "\x80\0\0\0\0\0\0\0"s, "\x7f\xff\xff\xff\xff\xff\xff\xff"s,
        "\0\0\0\x02\0\0\0\x01"s, "\0\0\0\x01\0\0\0\0"s}) {
    for (int32_t adjust : {0, INT32_MIN, INT32_MAX}) {
      framing.length_adjust = adjust;
      CHECK(cut(framing, number).state == State::too_long);
    }
  }
  StreamFraming defaults = length(4);
  CHECK(find_message(defaults, "\x00\x0f\xff\xfc"s).size == 1 << 20);
  CHECK(find_message(defaults, "\x00\x0f\xff\xfd"s).state == State::too_long);
}

TEST_CASE("codec/stream_framing: options that can't be are named") {
  CHECK(fault({}) == "");
  CHECK(fault({.message_bytes_max = 0}) == "message_bytes_max must be at least 1");
  CHECK(fault({.kind = Kind::fixed}) == "fixed_bytes must be at least 1");
  CHECK(fault({.kind = Kind::fixed, .message_bytes_max = 8, .fixed_bytes = 9}) ==
        "fixed_bytes is above message_bytes_max");
  CHECK(fault({.kind = Kind::fixed, .message_bytes_max = 8, .fixed_bytes = 8}) == "");
  for (uint8_t bytes : std::initializer_list<uint8_t>{0, 5, 6, 7, 9, 255})
    CHECK(fault({.kind = Kind::length_field, .length_bytes = bytes}) ==
          "length_bytes must be 1, 2, 3, 4 or 8");
  CHECK(fault({.kind = Kind::length_field, .length_at = 2, .length_bytes = 2, .header_bytes = 3}) ==
        "the length field must lie within header_bytes");
  CHECK(fault({.kind = Kind::length_field, .length_bytes = 2, .header_bytes = 1}) ==
        "the length field must lie within header_bytes");
  CHECK(fault({.kind = Kind::length_field, .message_bytes_max = 4}) == "");
  CHECK(fault({.kind = Kind::length_field, .length_at = UINT32_MAX, .header_bytes = 3}) ==
        "the length field must lie within header_bytes");
  CHECK(fault({.kind = Kind::length_field, .length_at = 2, .length_bytes = 2, .header_bytes = 4}) == "");
  for (uint32_t at : {uint32_t{5}, UINT32_MAX})
    CHECK(fault({.kind = Kind::length_field, .message_bytes_max = 8, .length_at = at}) ==
          "message_bytes_max must have room for the header");
  CHECK(fault({.kind = Kind::length_field, .message_bytes_max = 8, .header_bytes = 9}) ==
        "message_bytes_max must have room for the header");
  CHECK(fault(lines("")) == "the delimiter must have at least 1 byte");
  CHECK(fault(lines("12345678")) == "");
  CHECK(fault(lines("123456789")) == "the delimiter must have at most 8 bytes");
  CHECK(fault(lines("ab", 1)) == "message_bytes_max must have room for the delimiter");
}
