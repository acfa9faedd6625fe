#include "bench/messages.h"

#include <doctest/doctest.h>

#include <set>

#include "codec/websocket_frame.h"

using namespace oklo;
using bench::Kind;
using bench::Messages;

TEST_CASE("bench/messages: a GET") {
  Messages messages({.kind = Kind::http, .host = "h:8", .target = "/a?b"});
  CHECK(messages.request(0) == "GET /a?b HTTP/1.1\r\nHost: h:8\r\n\r\n");
  CHECK(messages.request(12345) == messages.request(0));
  CHECK(messages.greeting().empty());
  Messages more({.kind = Kind::http, .host = "h", .target = "/", .fields = "A: 1\r\nB: 2\r\n"});
  CHECK(more.request(0) == "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 2\r\n\r\n");
}

TEST_CASE("bench/messages: neighbours differ, and what is sent over TCP is what comes back") {
  Messages messages({.kind = Kind::tcp, .message_bytes = 40});
  std::set<std::string_view> different;
  for (size_t i = 0; i < 16; i++) {
    different.insert(messages.echo(i));
    CHECK(messages.request(i) == messages.echo(i));
    CHECK(messages.echo(i).find('\n') == 39);
  }
  CHECK(different.size() == 16);
}

TEST_CASE("bench/messages: a message of a WebSocket is a masked frame of that text") {
  for (size_t bytes : {size_t{1}, size_t{125}, size_t{126}, size_t{70'000}}) {
    Messages messages({.kind = Kind::websocket,
                       .host = "h",
                       .target = "/",
                       .fields = "Origin: http://h\r\n",
                       .message_bytes = bytes});
    CHECK(messages.greeting().starts_with("GET / HTTP/1.1\r\nHost: h\r\n"));
    CHECK(messages.greeting().find("\r\nOrigin: http://h\r\n") != std::string::npos);
    CHECK(messages.greeting().find(messages.websocket_key()) != std::string::npos);
    for (size_t i = 0; i < 16; i++) {
      std::string frame(messages.request(i));
      codec::FrameHeader header;
      REQUIRE(parse_frame_header(frame, codec::FrameReader::server, header) == codec::FrameVerdict::fine);
      CHECK(header.opcode == codec::FrameOpcode::text);
      CHECK(header.fin);
      REQUIRE(frame.size() == header.header_size + bytes);
      codec::apply_mask({frame.data() + header.header_size, bytes}, header.mask, 0);
      CHECK(frame.substr(header.header_size) == messages.echo(i));
    }
  }
}
