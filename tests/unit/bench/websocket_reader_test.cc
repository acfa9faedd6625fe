#include "bench/websocket_reader.h"

#include <doctest/doctest.h>

#include "bench/reading.h"
#include "codec/websocket_handshake.h"

using namespace oklo::bench;
using oklo::codec::FrameOpcode;

namespace {

struct Talking {
  Messages messages{{.kind = Kind::websocket, .host = "h", .target = "/", .message_bytes = 10}};
  WebSocketReader reader{messages, 0};

  std::string hello(std::string_view more = "") const {
    oklo::codec::WebSocketAccept accept = oklo::codec::websocket_accept(messages.websocket_key());
    return std::string("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n") +
           "Sec-WebSocket-Accept: " + std::string(accept.data(), accept.size()) + "\r\n" + std::string(more) +
           "\r\n";
  }
  std::string read(std::string_view frames, bool ends = false) {
    return read_all(reader, hello() + std::string(frames), ends);
  }
  std::string echo(size_t n) const { return std::string(messages.echo(n)); }
};

std::string frame(FrameOpcode opcode, std::string_view payload, bool fin = true) {
  char bytes[oklo::codec::kFrameHeaderBytesMax];
  char* end = oklo::codec::write_frame_header(bytes, {payload.size(), {}, opcode, fin});
  return std::string(bytes, end).append(payload);
}

}  // namespace

TEST_CASE("bench/websocket_reader: the handshake") {
  Talking talking;
  CHECK(talking.read("") == "ready ");
  CHECK(read_all(talking.reader, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") == "bad_status ");
  CHECK(read_all(talking.reader, talking.hello("Sec-WebSocket-Protocol: x\r\n")) == "bad_answer ");
  std::string other = talking.hello();
  other[other.find("Accept: ") + 8] ^= 1;
  CHECK(read_all(talking.reader, other) == "bad_answer ");
  CHECK(read_all(talking.reader, "SSH-2.0-x\r\n") == "bad_answer ");
  CHECK(read_all(talking.reader, "HTTP/1.1 101", true) == "closed ");
}

TEST_CASE("bench/websocket_reader: messages, whole and in frames") {
  Talking talking;
  std::string one = talking.echo(0);
  CHECK(talking.read(frame(FrameOpcode::text, one) + frame(FrameOpcode::binary, talking.echo(1))) ==
        "ready answer 10 answer 10 ");
  CHECK(talking.read(frame(FrameOpcode::text, one.substr(0, 4), false) +
                     frame(FrameOpcode::continuation, "", false) +
                     frame(FrameOpcode::continuation, one.substr(4))) == "ready answer 10 ");
  CHECK(talking.read(frame(FrameOpcode::text, one, false) + frame(FrameOpcode::continuation, "")) ==
        "ready answer 10 ");
}

TEST_CASE("bench/websocket_reader: a ping is answered, also within a message") {
  Talking talking;
  std::string one = talking.echo(0);
  std::string pong("reply(\x8a\x82\0\0\0\0hi) ", 16);
  CHECK(talking.read(frame(FrameOpcode::ping, "hi") + frame(FrameOpcode::pong, "")) == "ready " + pong);
  CHECK(talking.read(frame(FrameOpcode::text, one.substr(0, 4), false) + frame(FrameOpcode::ping, "hi") +
                     frame(FrameOpcode::continuation, one.substr(4))) == "ready " + pong + "answer 10 ");
}

TEST_CASE("bench/websocket_reader: what is wrong") {
  Talking talking;
  std::string one = talking.echo(0);
  CHECK(talking.read(frame(FrameOpcode::close, "")) == "ready closed ");
  CHECK(talking.read(frame(FrameOpcode::text, talking.echo(1))) == "ready wrong_echo ");
  CHECK(talking.read(frame(FrameOpcode::text, one + "x")) == "ready wrong_echo ");
  CHECK(talking.read(frame(FrameOpcode::text, one.substr(0, 9))) == "ready wrong_echo ");
  CHECK(talking.read(frame(FrameOpcode::continuation, one)) == "ready bad_answer ");
  CHECK(talking.read(frame(FrameOpcode::text, one, false) + frame(FrameOpcode::text, "")) ==
        "ready bad_answer ");
  CHECK(talking.read("\xc1") == "ready bad_answer ");
  CHECK(talking.read(std::string("\x81\x8a", 2)) == "ready bad_answer ");
  CHECK(talking.read(frame(FrameOpcode::text, one).substr(0, 7), true) == "ready closed ");
}
