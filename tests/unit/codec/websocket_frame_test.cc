#include "codec/websocket_frame.h"

#include <doctest/doctest.h>

#include <string>

#include "guarded.h"

using namespace oklo::codec;

namespace {

using std::string_literals::operator""s;

FrameVerdict parse(std::string_view bytes, FrameReader reader, FrameHeader& header) {
  Guarded guarded(bytes);
  return parse_frame_header(guarded.view(), reader, header);
}

// What is said of the bytes. On the way each front of them is tried before an unreadable page: it must need
// more, or be refused for the same reason as the whole.
FrameVerdict verdict(std::string_view bytes, FrameReader reader) {
  FrameHeader header;
  FrameVerdict whole = parse(bytes, reader, header);
  size_t last = whole == FrameVerdict::fine ? header.header_size : bytes.size();
  for (size_t size = 0; size < last; size++) {
    FrameVerdict part = parse(bytes.substr(0, size), reader, header);
    if (part != whole) CHECK(part == FrameVerdict::more);
  }
  return whole;
}

FrameVerdict from_client(std::string_view bytes) { return verdict(bytes, FrameReader::server); }
FrameVerdict from_server(std::string_view bytes) { return verdict(bytes, FrameReader::client); }

FrameHeader taken(std::string_view bytes, FrameReader reader = FrameReader::server) {
  FrameHeader header;
  REQUIRE(verdict(bytes, reader) == FrameVerdict::fine);
  REQUIRE(parse(bytes, reader, header) == FrameVerdict::fine);
  return header;
}

// A header of a frame with that first byte and a size of `code`, then eight bytes of size, cut where the
// size ends, then a mask.
std::string with_size(unsigned first, uint64_t size) {
  size_t size_bytes = size < 126 ? 0 : size <= 0xffff ? 2 : 8;
  std::string bytes = {static_cast<char>(first),
                       static_cast<char>(0x80 | (size_bytes == 0 ? size : size_bytes == 2 ? 126 : 127))};
  for (size_t i = size_bytes; i > 0; i--) bytes += static_cast<char>(size >> 8 * (i - 1));
  return bytes + "mask";
}

std::string masked_plainly(std::string text, FrameMask mask, uint64_t offset) {
  for (size_t i = 0; i < text.size(); i++) text[i] = static_cast<char>(text[i] ^ mask[(offset + i) % 4]);
  return text;
}

FrameVerdict close_verdict(std::string_view payload, CloseReason& reason) {
  Guarded guarded(payload);
  FrameVerdict outcome = parse_close_payload(guarded.view(), reason);
  if (outcome == FrameVerdict::fine) reason.text = payload.substr(payload.size() - reason.text.size());
  return outcome;
}

std::string close_payload(unsigned code, std::string_view text = "") {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code)}.append(text);
}

std::string written_close(uint16_t code, std::string_view text) {
  char room[kControlPayloadMax + 1];
  room[kControlPayloadMax] = '#';
  std::string payload(room, write_close_payload(room, {code, text}));
  CHECK(room[kControlPayloadMax] == '#');
  return payload;
}

}  // namespace

TEST_CASE("codec/websocket_frame: the examples of RFC 6455 section 5.7") {
  FrameHeader hello = taken("\x81\x05\x48\x65\x6c\x6c\x6f", FrameReader::client);
  CHECK(hello.opcode == FrameOpcode::text);
  CHECK(hello.fin);
  CHECK_FALSE(hello.masked);
  CHECK(hello.payload_size == 5);
  CHECK(hello.header_size == 2);

  std::string bytes = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
  FrameHeader masked = taken(bytes);
  CHECK(masked.masked);
  CHECK(masked.mask == FrameMask{'\x37', '\xfa', '\x21', '\x3d'});
  CHECK(masked.header_size == 6);
  apply_mask({bytes.data() + 6, 5}, masked.mask, 0);
  CHECK(bytes.substr(6) == "Hello");

  CHECK_FALSE(taken("\x01\x03\x48\x65\x6c", FrameReader::client).fin);
  FrameHeader last = taken("\x80\x02\x6c\x6f", FrameReader::client);
  CHECK(last.opcode == FrameOpcode::continuation);
  CHECK(taken("\x89\x05\x48\x65\x6c\x6c\x6f", FrameReader::client).opcode == FrameOpcode::ping);
  CHECK(taken("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58").opcode == FrameOpcode::pong);
  FrameHeader medium = taken("\x82\x7e\x01\x00"s, FrameReader::client);
  CHECK(medium.opcode == FrameOpcode::binary);
  CHECK(medium.payload_size == 256);
  CHECK(medium.header_size == 4);
  FrameHeader large = taken("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"s, FrameReader::client);
  CHECK(large.payload_size == 65536);
  CHECK(large.header_size == 10);
}

TEST_CASE("codec/websocket_frame: payload sizes") {
  for (uint64_t size : {0ull, 1ull, 125ull, 126ull, 127ull, 65535ull, 65536ull, 0x123456789abcull,
                        0x7fffffffffffffffull}) {
    std::string bytes = with_size(0x82, size);
    FrameHeader header = taken(bytes + "payload");
    CHECK(header.payload_size == size);
    CHECK(header.header_size == bytes.size());
    CHECK(header.mask == FrameMask{'m', 'a', 's', 'k'});
  }
  for (const std::string& bytes :
       {"\x82\xfe\x00\x00"s, "\x82\xfe\x00\x7d"s, "\x82\xff\x00\x00\x00\x00\x00\x00\x00\x05"s,
        "\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff"s})
    CHECK(from_client(bytes + "mask") == FrameVerdict::size_not_minimal);
  for (uint64_t size : {0x8000000000000000ull, 0xffffffffffffffffull})
    CHECK(from_client(with_size(0x82, size)) == FrameVerdict::size_huge);
}

TEST_CASE("codec/websocket_frame: every first byte") {
  for (unsigned first = 0; first < 256; first++) {
    CAPTURE(first);
    unsigned opcode = first & 15;
    bool known = opcode <= 2 || (opcode >= 8 && opcode <= 10);
    FrameVerdict wanted = FrameVerdict::fine;
    if (opcode >= 8 && first < 0x80) wanted = FrameVerdict::control_fragmented;
    if (!known) wanted = FrameVerdict::reserved_opcode;
    if (first & 0x70) wanted = FrameVerdict::reserved_bit;
    CHECK(from_client(with_size(first, 3)) == wanted);
    CHECK(from_client(std::string(1, static_cast<char>(first))) ==
          (wanted == FrameVerdict::fine ? FrameVerdict::more : wanted));
  }
}

TEST_CASE("codec/websocket_frame: control frames are small") {
  for (unsigned first : {0x88u, 0x89u, 0x8au}) {
    CHECK(from_client(with_size(first, 125)) == FrameVerdict::fine);
    CHECK(from_client(with_size(first, 126)) == FrameVerdict::control_large);
    CHECK(from_client(with_size(first, 70000)) == FrameVerdict::control_large);
  }
  CHECK(is_control(FrameOpcode::close));
  CHECK_FALSE(is_control(FrameOpcode::binary));
}

TEST_CASE("codec/websocket_frame: clients mask and servers do not") {
  CHECK(from_client("\x81\x05hello") == FrameVerdict::unmasked);
  CHECK(from_server("\x81\x85maskhello") == FrameVerdict::masked);
  CHECK(from_server("\x81\x05hello") == FrameVerdict::fine);
}

TEST_CASE("codec/websocket_frame: every refusal has its code and its words") {
  for (FrameVerdict fine : {FrameVerdict::fine, FrameVerdict::more}) CHECK(refusal_of(fine).close_code == 0);
  for (int i = 2; i <= static_cast<int>(FrameVerdict::close_text); i++) {
    FrameRefusal refusal = refusal_of(static_cast<FrameVerdict>(i));
    CHECK(refusal.close_code == (i == static_cast<int>(FrameVerdict::close_text) ? 1007 : 1002));
    CHECK(std::string_view(refusal.reason).size() > 5);
  }
}

TEST_CASE("codec/websocket_frame: what is written can be read") {
  for (uint64_t size : {0ull, 5ull, 125ull, 126ull, 65535ull, 65536ull, 0x7fffffffffffffffull}) {
    for (bool masked : {false, true}) {
      for (bool fin : {false, true}) {
        FrameHeader header;
        header.payload_size = size;
        header.mask = {'\x00', '\xff', '\x80', '\x01'};
        header.opcode = FrameOpcode::binary;
        header.fin = fin;
        header.masked = masked;
        char room[kFrameHeaderBytesMax + 1];
        for (char& c : room) c = '#';
        char* end = write_frame_header(room, header);
        REQUIRE(end <= room + kFrameHeaderBytesMax);
        CHECK(*end == '#');
        FrameHeader again = taken({room, end}, masked ? FrameReader::server : FrameReader::client);
        CHECK(again.payload_size == size);
        CHECK(again.fin == fin);
        CHECK(again.opcode == FrameOpcode::binary);
        CHECK(again.header_size == end - room);
        if (masked) CHECK(again.mask == header.mask);
      }
    }
  }
}

TEST_CASE("codec/websocket_frame: a payload is unmasked at every size, place and offset") {
  const FrameMask mask = {'\x37', '\xfa', '\x21', '\x3d'};
  for (size_t size = 0; size < 150; size++) {
    std::string text;
    for (size_t i = 0; i < size; i++) text += static_cast<char>(i * 37 + 11);
    Guarded bytes(text);
    for (uint64_t offset : {uint64_t{0}, uint64_t{1}, uint64_t{2}, uint64_t{3}, UINT64_MAX - 1}) {
      memcpy(bytes.data(), text.data(), size);
      apply_mask({bytes.data(), size}, mask, offset);
      REQUIRE(bytes.view() == masked_plainly(text, mask, offset));
    }
  }
}

TEST_CASE("codec/websocket_frame: no byte around the payload is touched, wherever it lies") {
  const FrameMask mask = {'\x01', '\x02', '\x04', '\x08'};
  for (size_t at = 0; at < 17; at++) {
    for (size_t size : {0, 1, 3, 4, 7, 8, 15, 16, 17, 32, 33, 48, 49, 64}) {
      std::string bytes(96, 'x');
      apply_mask({bytes.data() + at, size}, mask, at);
      std::string wanted = std::string(at, 'x') + masked_plainly(std::string(size, 'x'), mask, at);
      REQUIRE(bytes == wanted + std::string(96 - wanted.size(), 'x'));
    }
  }
}

TEST_CASE("codec/websocket_frame: pieces of a payload are unmasked each at its offset") {
  const FrameMask mask = {'\xa1', '\xb2', '\xc3', '\xd4'};
  const std::string text = "the quick brown fox jumps over the lazy dog, and then once more";
  const std::string whole = masked_plainly(text, mask, 0);
  for (size_t split = 0; split <= text.size(); split++) {
    std::string bytes = whole;
    apply_mask({bytes.data(), split}, mask, 0);
    apply_mask({bytes.data() + split, bytes.size() - split}, mask, split);
    CHECK(bytes == text);
  }
}

TEST_CASE("codec/websocket_frame: the payload of a close frame") {
  CloseReason reason;
  CHECK(close_verdict("", reason) == FrameVerdict::fine);
  CHECK(reason.code == kCloseNoStatus);
  CHECK(reason.text.empty());
  CHECK(close_verdict("\x03\xe8", reason) == FrameVerdict::fine);
  CHECK(reason.code == kCloseNormal);
  CHECK(close_verdict("\x03\xe9" "going", reason) == FrameVerdict::fine);
  CHECK(reason.code == 1001);
  CHECK(reason.text == "going");
  CHECK(close_verdict("\x03", reason) == FrameVerdict::close_short);
  CHECK(close_verdict("\x03\xe8\xc3\xa4", reason) == FrameVerdict::fine);
  for (const char* text :
       {"\xc3", "\xff", "ok\xed\xa0\x80", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed"})
    CHECK(close_verdict(close_payload(1000, text), reason) == FrameVerdict::close_text);
}

TEST_CASE("codec/websocket_frame: the codes of close frames") {
  CloseReason reason;
  for (unsigned code = 0; code <= 0xffff; code++) {
    bool defined = (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
                   (code >= 3000 && code <= 4999);
    REQUIRE(valid_close_code(code) == defined);
    std::string payload = close_payload(code);
    FrameVerdict wanted = defined ? FrameVerdict::fine : FrameVerdict::close_code;
    REQUIRE(parse_close_payload(payload, reason) == wanted);
  }
}

TEST_CASE("codec/websocket_frame: a close payload is written") {
  CHECK(written_close(kCloseNormal, "") == "\x03\xe8");
  CHECK(written_close(4000, "bye") == "\x0f\xa0" "bye");
  CHECK(written_close(kCloseNoStatus, "not sent") == "");
  CHECK(written_close(kCloseTooBig, std::string(123, 'x')).size() == 125);
  CHECK(written_close(kCloseTooBig, std::string(200, 'x')).size() == 125);
  CHECK(written_close(1000, std::string(122, 'x') + "\xc3\xa4").size() == 124);
  const std::string full = std::string(120, 'x') + "\xe2\x82\xac";
  CHECK(written_close(1000, full) == close_payload(1000, full));
  CHECK(written_close(1000, "ok\xff no") == close_payload(1000, "ok"));
  CHECK(written_close(1000, "\xffno") == close_payload(1000));
  CHECK(written_close(1000, "\xc3") == close_payload(1000));
}

TEST_CASE("codec/websocket_frame: what is read as a short message is one, and whole") {
  for (unsigned first : {0x01, 0x80, 0x81, 0x82, 0x83, 0x88, 0xc1}) {
    for (unsigned second = 0; second < 256; second++) {
      for (size_t rest : {0, 3, 4, 5, 40, 128, 129, 130}) {
        std::string bytes = {static_cast<char>(first), static_cast<char>(second)};
        Guarded guarded(bytes + std::string(rest, 'm'));
        std::string_view view(guarded.data(), guarded.size());
        oklo::codec::FrameHeader fast, slow;
        bool data = first == 0x81 || first == 0x82;
        bool wanted = data && second >= 0x80 && second < 0x80 + 126 && rest >= 4 + (second - 0x80);
        REQUIRE(oklo::codec::parse_short_message(view, fast) == wanted);
        if (!wanted) continue;
        auto server = oklo::codec::FrameReader::server;
        REQUIRE(oklo::codec::parse_frame_header(view, server, slow) == oklo::codec::FrameVerdict::fine);
        REQUIRE(fast.payload_size == slow.payload_size);
        REQUIRE(fast.mask == slow.mask);
        REQUIRE(fast.opcode == slow.opcode);
        REQUIRE(fast.header_size == slow.header_size);
        REQUIRE((fast.fin && fast.masked && slow.fin && slow.masked));
      }
    }
  }
}
