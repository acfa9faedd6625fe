#include <cstdint>
#include <memory>
#include <string>

#include "base/assert.h"
#include "bench/http_reader.h"
#include "bench/websocket_reader.h"
#include "codec/websocket_handshake.h"
#include "guarded.h"

using namespace oklo::bench;

namespace {

const Messages& messages_of(Kind kind) {
  static const Messages kSockets({.kind = Kind::websocket, .host = "h", .target = "/", .message_bytes = 8});
  static const Messages kStreams({.kind = Kind::tcp, .message_bytes = 8});
  return kind == Kind::websocket ? kSockets : kStreams;
}

// A WebSocket whose handshake is over: no input could know its key.
std::unique_ptr<Reader> greeted() {
  const Messages& messages = messages_of(Kind::websocket);
  oklo::codec::WebSocketAccept accept = oklo::codec::websocket_accept(messages.websocket_key());
  std::string answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  answer.append("Sec-WebSocket-Accept: ").append(accept.data(), accept.size()).append("\r\n\r\n");
  auto reader = std::make_unique<WebSocketReader>(messages, 0);
  Step step = reader->read({answer.data(), answer.size()});
  OKLO_ASSERT(step.kind == Step::Kind::ready && step.used == answer.size());
  return reader;
}

// All that comes of an input which arrives in pieces of that size.
std::string outcome_of(Reader& reader, std::string_view input, size_t piece) {
  std::string told, unread;
  for (size_t at = 0; at < input.size(); at += piece) {
    unread += input.substr(at, piece);
    while (!unread.empty()) {
      Guarded bytes(unread);
      Step step = reader.read({bytes.data(), bytes.size()});
      OKLO_ASSERT(step.used <= bytes.size());
      unread = bytes.view().substr(step.used);
      if (step.kind == Step::Kind::more) break;
      OKLO_ASSERT(step.used > 0 || step.kind == Step::Kind::broken);
      if (step.kind == Step::Kind::broken) return told + "broken";
      told.append(std::to_string(static_cast<int>(step.kind))).append(step.good ? "+" : "-");
      told.append(std::to_string(step.length)).append(reader.take_reply()).append(" ");
      if (step.kind == Step::Kind::last) return told;
    }
    OKLO_ASSERT(unread.size() <= Reader::kUnusedMax);
  }
  return told + (reader.end().kind == Step::Kind::last ? "ends" : "closed");
}

std::string outcome_of(Kind kind, std::string_view input, size_t piece) {
  HttpHeads heads("x-worker");
  std::unique_ptr<Reader> reader;
  if (kind == Kind::http) reader = std::make_unique<HttpReader>(heads);
  else if (kind == Kind::websocket) reader = greeted();
  else reader = std::make_unique<EchoReader>(messages_of(kind), 0);
  return outcome_of(*reader, input, piece);
}

}  // namespace

// The first byte says what is read. The same comes of the rest in whatever pieces it comes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2 || size > 20000) return 0;
  std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  Kind kind = data[0] == 'h' ? Kind::http : data[0] == 'w' ? Kind::websocket : Kind::tcp;
  std::string whole = outcome_of(kind, input, input.size());
  OKLO_ASSERT(outcome_of(kind, input, 7) == whole);
  if (size < 200) OKLO_ASSERT(outcome_of(kind, input, 1) == whole);
  return 0;
}
