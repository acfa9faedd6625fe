// The world is made for unit tests: here its checks do what they check, and no more.
#define DOCTEST_CONFIG_DISABLE
#define DOCTEST_CONFIG_EVALUATE_ASSERTS_EVEN_WHEN_DISABLED
#define DOCTEST_CONFIG_ASSERTS_RETURN_VALUES

#include <algorithm>
#include <string>

#include "base/assert.h"
#include "ws/ws_world.h"

namespace {

constexpr size_t kMessageBytesMax = 1000;
constexpr size_t kFineBytes = 128;  // behind them the pieces are longer

int opened = 0;
int closed = 0;

// ---- what must come back, in the plain way, from all the bytes at once

// Whether a sequence that has begun may still become a code point from `least` on: of those from low to high
// it is not told yet which.
bool reaches(uint32_t least, uint32_t low, uint32_t high) {
  bool below_surrogates = std::max(low, least) <= std::min(high, 0xd7ffu);
  return below_surrogates || std::max({low, least, 0xe000u}) <= std::min(high, 0x10ffffu);
}

// Whether it is UTF-8, or, where more may come, the front of some.
bool is_utf8(std::string_view text, bool more) {
  for (size_t at = 0; at < text.size();) {
    auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    unsigned first = byte(at++);
    if (first < 0x80) continue;
    if (first < 0xc0 || first > 0xf7) return false;
    unsigned left = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    uint32_t code = first & (0x3fu >> left);
    uint32_t least = left == 1 ? 0x80 : left == 2 ? 0x800 : 0x10000;
    for (; left > 0 && at < text.size(); left--, at++) {
      if ((byte(at) & 0xc0) != 0x80) return false;
      code = code << 6 | (byte(at) & 0x3f);
    }
    uint32_t high = (code + 1) << (6 * left);
    if (!reaches(least, code << (6 * left), high - 1) || (left > 0 && !more)) return false;
  }
  return true;
}

class Model {
 public:
  explicit Model(std::string_view input) : left_(input) {
    while (!ended && read_frame()) {}
  }

  Frames answers;
  bool ended = false;

 private:
  bool end(const std::string& code) {
    answers.push_back("close:" + code);
    ended = true;
    return false;
  }

  unsigned byte(size_t at) const { return static_cast<unsigned char>(left_[at]); }

  bool read_frame() {
    if (left_.empty()) return false;
    opcode_ = byte(0) & 15;
    fin_ = byte(0) >= 0x80;
    bool control = opcode_ >= 8;
    bool known = opcode_ <= 2 || (opcode_ >= 8 && opcode_ <= 10);
    if ((byte(0) & 0x70) || !known || (control && !fin_)) return end("1002");
    if (left_.size() < 2) return false;
    uint64_t size = byte(1) & 0x7f;
    size_t more = size == 127 ? 8 : size == 126 ? 2 : 0;
    if (byte(1) < 0x80 || (control && more)) return end("1002");
    if (left_.size() < 2 + more) return false;
    if (more) size = 0;
    for (size_t i = 0; i < more; i++) size = size << 8 | byte(2 + i);
    if (size >> 63 || (more == 2 && size < 126) || (more == 8 && size < 65536)) return end("1002");
    if (left_.size() < 6 + more) return false;
    return judge(control, size, more + 6);
  }

  bool judge(bool control, uint64_t size, size_t head) {
    if (!control && (opcode_ == 0) != within_) return end("1002");
    if (!control && size > kMessageBytesMax - message_.size()) return end("1009");
    std::string payload(left_.substr(head, static_cast<size_t>(size)));
    for (size_t i = 0; i < payload.size(); i++)
      payload[i] = static_cast<char>(payload[i] ^ left_[head - 4 + i % 4]);
    bool whole = payload.size() == size;
    left_.remove_prefix(head + payload.size());
    return control ? whole && take_control(payload) : take_data(payload, whole);
  }

  bool take_control(const std::string& payload) {
    if (opcode_ == 9) answers.push_back("pong:" + payload);
    if (opcode_ != 8) return true;
    if (payload.empty()) return end("");
    if (payload.size() == 1) return end("1002");
    int code = static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]);
    bool defined = code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
    if (!defined && (code < 3000 || code > 4999)) return end("1002");
    return end(is_utf8(payload.substr(2), false) ? std::to_string(code) : "1007");
  }

  bool take_data(const std::string& payload, bool whole) {
    if (opcode_ != 0) kind_ = opcode_;
    message_ += payload;
    within_ = !(whole && fin_);
    if (kind_ == 1 && !is_utf8(message_, within_)) return end("1007");
    if (!within_) answers.push_back((kind_ == 1 ? "text:" : "binary:") + std::exchange(message_, {}));
    return whole;
  }

  std::string_view left_;
  std::string message_;
  unsigned opcode_ = 0;
  unsigned kind_ = 0;
  bool fin_ = false;
  bool within_ = false;  // a message
};

// ---- what does come back

oklo::WebSocketHandlers handlers() {
  oklo::WebSocketHandlers echo = echo_handlers();
  echo.on_open = [](oklo::WebSocket&) { opened++; };
  echo.on_close = [](oklo::WebSocket&, uint16_t, std::string_view) { closed++; };
  return echo;
}

void check(WsWorld& world, std::string_view input, size_t piece_size) {
  Client& client = world.open();
  client.reads = false;  // There is room for all in its socket.
  for (size_t at = 0; at < input.size(); at += piece_size) {
    if (at > kFineBytes) piece_size = std::max(piece_size, kFineBytes);
    client.send(input.substr(at, piece_size));
    client.pump();
    world.http->turn();
  }
  client.reads = true;
  world.http->settle();
  Frames frames = frames_of(client.received);
  // Why a connection was failed is said in words; the code is enough.
  if (!frames.empty() && frames.back().starts_with("close:"))
    frames.back().resize(std::min(frames.back().size(), size_t{10}));
  Model model(input);
  OKLO_ASSERT(frames == model.answers);
  OKLO_ASSERT(client.ended == model.ended);
  client.go_away();
  world.http->settle();
  OKLO_ASSERT(opened == closed);
}

}  // namespace

// Says the input to a WebSocket that echoes, at once and in pieces. The queue is so small that reading pauses
// after each longer message.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  WsWorld world(handlers(), {.message_bytes = kMessageBytesMax, .queue_bytes = 2 * kMessageBytesMax});
  check(world, input, std::max<size_t>(size, 1));
  check(world, input, 1 + size % 13);
  return 0;
}
