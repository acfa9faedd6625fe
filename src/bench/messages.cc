#include "bench/messages.h"

#include <array>
#include <cstring>

#include "codec/websocket_frame.h"
#include "codec/websocket_handshake.h"
#include "sys/random.h"

namespace oklo::bench {

namespace {

constexpr size_t kVariants = 16;
constexpr size_t kPeriod = 61;  // of the characters; a prime, so that variants do not fall together

std::string get(const Plan& plan) {
  std::string text = "GET ";
  text.append(plan.target).append(" HTTP/1.1\r\nHost: ").append(plan.host).append("\r\n");
  return text.append(plan.fields);
}

}  // namespace

Messages::Messages(const Plan& plan) {
  if (plan.kind == Kind::http) {
    requests_ = {get(plan) + "\r\n"};
    return;
  }
  make_echoes(plan.message_bytes);
  requests_ = echoes_;
  if (plan.kind == Kind::tcp) return;
  make_greeting(plan);
  make_frames();
}

// Characters that can be seen, with an end of line behind them for servers that await one.
void Messages::make_echoes(size_t bytes) {
  for (size_t variant = 0; variant < kVariants; variant++) {
    std::string& text = echoes_.emplace_back(bytes, '\n');
    for (size_t i = 0; i + 1 < bytes; i++) text[i] = static_cast<char>('A' + (i + 7 * variant) % kPeriod);
  }
}

void Messages::make_greeting(const Plan& plan) {
  std::array<uint64_t, 2> number = sys::random_key();
  std::array<char, 16> bytes;
  std::memcpy(bytes.data(), number.data(), bytes.size());
  codec::WebSocketKey key = codec::websocket_key(bytes);
  key_.assign(key.data(), key.size());
  greeting_ = get(plan);
  greeting_.append("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: ");
  greeting_.append(codec::kWebSocketVersion).append("\r\nSec-WebSocket-Key: ").append(key_);
  greeting_.append("\r\n\r\n");
}

// The masks, which are to hide from proxies what is sent (RFC 6455 section 10.3), need not be new each time
// for that: who chooses what is sent is this program alone.
void Messages::make_frames() {
  std::array<uint64_t, 2> number = sys::random_key();
  for (std::string& message : requests_) {
    codec::FrameHeader header = {.payload_size = message.size(), .masked = true};
    std::memcpy(header.mask.data(), &number, sizeof header.mask);
    char bytes[codec::kFrameHeaderBytesMax];
    char* end = codec::write_frame_header(bytes, header);
    codec::apply_mask(message, header.mask, 0);
    message.insert(0, bytes, static_cast<size_t>(end - bytes));
    number[0] = number[0] * 6364136223846793005u + number[1];
  }
}

}  // namespace oklo::bench
